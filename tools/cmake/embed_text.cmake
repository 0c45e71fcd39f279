# Writes a text as C: cmake -DOUT=FILE.c -DTEXT=FILE -DNAME=NAME -P this
#
#   const char NAME[], ended by '\0';  const size_t NAME_len, without it
#
# The bytes go in as numbers, so any text fits.
file(READ ${TEXT} hex HEX)
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
string(REPEAT "....." 16 line)
string(REGEX REPLACE "(${line})" "\\1\n    " bytes "${bytes}")
cmake_path(GET TEXT FILENAME file)

file(WRITE ${OUT} "/* Generated from ${file}. */
#include <stddef.h>

extern const char ${NAME}[];
extern const size_t ${NAME}_len;

const char ${NAME}[] = {
    ${bytes}0x00};
const size_t ${NAME}_len = sizeof(${NAME}) - 1;
")
