# Writes texts, one after the other, as C: cmake -DOUT=FILE.c "-DTEXTS=A;B" -DNAME=NAME -P this
#
#   const char NAME[], ended by '\0';  const size_t NAME_len, without it
#
# The bytes go in as numbers, so any text fits.
set(hex "")
set(names "")
foreach(text IN LISTS TEXTS)
    file(READ ${text} part HEX)
    string(APPEND hex ${part})
    cmake_path(GET text FILENAME name)
    string(APPEND names " ${name}")
endforeach()
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
string(REPEAT "....." 16 line)
string(REGEX REPLACE "(${line})" "\\1\n    " bytes "${bytes}")

file(WRITE ${OUT} "/* Generated from${names}. */
#include <stddef.h>

extern const char ${NAME}[];
extern const size_t ${NAME}_len;

const char ${NAME}[] = {
    ${bytes}0x00};
const size_t ${NAME}_len = sizeof(${NAME}) - 1;
")
