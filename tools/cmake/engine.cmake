# The script engine as the library `engine`, which room_worker links: C that tools/engine makes of
# WebAssembly. It takes a while and never differs, so all builds share what is made once: it lies in
# build/engine/, in a folder that is named after everything that goes into it.
set(GANTRY_ENGINE_CACHE ${CMAKE_SOURCE_DIR}/build/engine CACHE PATH "Where script engines are kept")

set(wasm ${CMAKE_SOURCE_DIR}/node_modules/quickjs-wasi/quickjs.wasm)
find_program(wasm2c wasm2c)
if(NOT wasm2c OR NOT EXISTS ${wasm})
    message(FATAL_ERROR "The script engine needs wasm2c and the locked npm packages: run tools/deps")
endif()

# gcc's code is the faster one, and it does not depend on how the rest is compiled.
find_program(engine_compiler gcc)
if(NOT engine_compiler)
    set(engine_compiler ${CMAKE_C_COMPILER})
endif()
set(engine_guard 1)
if(CMAKE_C_FLAGS MATCHES "fsanitize=[a-z,]*thread" OR
   NOT CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|amd64|AMD64)$")
    set(engine_guard 0)
endif()
set(engine_mode checked)
if(engine_guard)
    set(engine_mode guard)
endif()

execute_process(COMMAND ${engine_compiler} --version OUTPUT_VARIABLE compiler_version)
file(SHA256 ${CMAKE_SOURCE_DIR}/tools/engine tool_hash)
file(SHA256 ${wasm} wasm_hash)
string(SHA256 engine_hash "${tool_hash} ${wasm_hash} ${engine_mode} ${compiler_version}")
string(SUBSTRING ${engine_hash} 0 16 engine_hash)
set(engine_folder ${GANTRY_ENGINE_CACHE}/${engine_mode}-${engine_hash})
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS tools/engine ${wasm})

add_custom_command(
    OUTPUT ${engine_folder}/libqjs.a ${engine_folder}/qjs.h
    COMMAND ${CMAKE_SOURCE_DIR}/tools/engine ${engine_folder} ${engine_mode} ${engine_compiler}
    COMMENT "Making the script engine, once for all builds"
    VERBATIM)
add_custom_target(make_engine DEPENDS ${engine_folder}/libqjs.a ${engine_folder}/qjs.h)

add_library(engine INTERFACE)
target_link_libraries(engine INTERFACE ${engine_folder}/libqjs.a)
target_include_directories(engine SYSTEM INTERFACE ${engine_folder})
target_compile_definitions(engine INTERFACE
    WASM_RT_MEMCHECK_SIGNAL_HANDLER=${engine_guard} WASM_RT_USE_STACK_DEPTH_COUNT=0)
add_dependencies(room_worker make_engine)
target_link_libraries(room_worker PUBLIC engine)

# The prelude's files, in this order.
set(prelude "")
foreach(part base console texts fetch older locale server)
    list(APPEND prelude ${CMAKE_SOURCE_DIR}/src/worker/prelude/${part}.js)
endforeach()
set(prelude_c ${CMAKE_BINARY_DIR}/prelude_js.c)
add_custom_command(
    OUTPUT ${prelude_c}
    COMMAND ${CMAKE_COMMAND} -DOUT=${prelude_c} "-DTEXTS=${prelude}" -DNAME=prelude_js
            -P ${CMAKE_SOURCE_DIR}/tools/cmake/embed_text.cmake
    DEPENDS ${prelude} tools/cmake/embed_text.cmake
    VERBATIM)
target_sources(room_worker PRIVATE ${prelude_c})
