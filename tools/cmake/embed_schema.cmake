# Writes the C table of the schema's steps: cmake -DOUT=FILE.c -DFILES=a.sql;b.sql -P this
#
# The bytes go in as numbers, so any text fits: quotes, backslashes, no line end, any length.
set(texts "")
set(rows "")
set(count 0)
set(last -1)
list(SORT FILES)
foreach(file IN LISTS FILES)
    cmake_path(GET file STEM LAST_ONLY name)
    if(NOT name MATCHES "^0*([0-9]+)_")
        message(FATAL_ERROR "${file}: a step is named NNNN_what.sql")
    endif()
    set(version ${CMAKE_MATCH_1})
    if(NOT version GREATER last)
        message(FATAL_ERROR "${file}: version ${version} follows ${last}")
    endif()
    set(last ${version})

    file(READ ${file} hex HEX)
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
    string(REPEAT "....." 16 line)
    string(REGEX REPLACE "(${line})" "\\1\n    " bytes "${bytes}")
    string(APPEND texts "static const unsigned char sql_${version}[] = {\n    ${bytes}0x00};\n\n")
    string(APPEND rows "    {${version}, \"${name}\", (const char *)sql_${version}},\n")
    math(EXPR count "${count} + 1")
endforeach()
if(count EQUAL 0)
    set(rows "    {0, \"\", \"\"},\n")
endif()

file(WRITE ${OUT} "/* Generated from src/store/schema/, one row for each file. */
#include \"store/schema.h\"

#include <stddef.h>

${texts}const struct schema_step schema_steps[] = {
${rows}};
const size_t schema_step_count = ${count};
")
