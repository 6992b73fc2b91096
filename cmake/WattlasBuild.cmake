# Compiler settings shared by all modules, and `wattlas_module()` which declares one module as a library.
include(GNUInstallDirs)
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
include(CheckPIESupported)
check_pie_supported(LANGUAGES C CXX)
# Libraries come from where the system has them. CMake would fill the run path up with a colon, which
# the loader reads as the current folder: a library there would run as part of every command.
set(CMAKE_SKIP_BUILD_RPATH ON)
set(CMAKE_SKIP_INSTALL_RPATH ON)

find_program(WATTLAS_CCACHE ccache)
if(WATTLAS_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${WATTLAS_CCACHE})
endif()

add_library(wattlas_options INTERFACE)
# The same bytes on every x86-64 machine: no contraction, no -march=native (docs/contract.md, 6).
target_compile_options(wattlas_options INTERFACE -ffp-contract=off)
# An overrun of ours in a hostile input is to end the program, not to run something else
# (scripts/check_hardening). Everything is linked with it; sanitizers see more than FORTIFY does.
add_link_options(LINKER:-z,relro,-z,now,-z,noexecstack)
add_compile_options(-fstack-protector-strong)
if(NOT WATTLAS_SANITIZE)
  add_compile_options($<$<NOT:$<CONFIG:Debug>>:-U_FORTIFY_SOURCE>
                      $<$<NOT:$<CONFIG:Debug>>:-D_FORTIFY_SOURCE=2>)
endif()
add_library(wattlas_warnings INTERFACE)
target_compile_options(wattlas_warnings INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion
                       -Wno-sign-conversion)
# g++ 12 reports these inside its own std::string and std::variant (GCC bugs 105329, 105562, 105651).
target_compile_options(wattlas_warnings INTERFACE
                       $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict;-Wno-maybe-uninitialized;-Wno-stringop-overflow;-Wno-array-bounds>)
if(WATTLAS_WERROR)
  target_compile_options(wattlas_warnings INTERFACE -Werror)
endif()
# Sanitizers are looked at for their findings: line numbers, and the optimisation that builds soonest.
if(WATTLAS_SANITIZE)
  add_compile_options(-O1 -g1 -fno-omit-frame-pointer)
endif()
if(WATTLAS_SANITIZE STREQUAL "thread")
  add_compile_options(-fsanitize=thread)
  add_link_options(-fsanitize=thread)
elseif(WATTLAS_SANITIZE)
  if(NOT CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    message(FATAL_ERROR "WATTLAS_SANITIZE=ON needs clang++ (-DCMAKE_CXX_COMPILER=clang++; g++ takes twice as long and has no libFuzzer)")
  endif()
  # One build for the tests and the fuzz targets. clang does not say that it sanitizes as g++ does.
  add_compile_options(-fsanitize=address,undefined,fuzzer-no-link -fno-sanitize-recover=all
                      -D__SANITIZE_ADDRESS__=1)
  add_link_options(-fsanitize=address,undefined)
endif()

# wattlas_module(NAME SOURCES files... LINK public-libraries... PRIVATE private-libraries...)
# declares the static library wattlas_NAME with the alias wattlas::NAME. A module's public links are
# the modules that its headers may include; scripts/check_layers holds them against the house plan.
option(WATTLAS_PRECOMPILE "Compile common headers once a target" ON)
# Most of what a file compiles is the standard library, read again for each of 600 files. ccache
# needs -fpch-preprocess to see through g++'s precompiled headers.
function(wattlas_precompile target)
  if(WATTLAS_PRECOMPILE)
    target_precompile_headers(${target} PRIVATE <algorithm> <array> <cmath> <filesystem> <fstream>
      <functional> <map> <memory> <optional> <set> <sstream> <string> <unordered_map> <vector> ${ARGN})
    target_compile_options(${target} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess>)
  endif()
endfunction()

function(wattlas_module name)
  cmake_parse_arguments(MODULE "" "" "SOURCES;LINK;PRIVATE" ${ARGN})
  add_library(wattlas_${name} STATIC ${MODULE_SOURCES})
  add_library(wattlas::${name} ALIAS wattlas_${name})
  set_target_properties(wattlas_${name} PROPERTIES EXPORT_NAME ${name})
  target_include_directories(wattlas_${name} PUBLIC
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}> $<INSTALL_INTERFACE:include/wattlas>)
  target_link_libraries(wattlas_${name} PUBLIC ${MODULE_LINK}
    PRIVATE $<BUILD_INTERFACE:wattlas_options> $<BUILD_INTERFACE:wattlas_warnings> ${MODULE_PRIVATE})
  set_property(GLOBAL APPEND PROPERTY WATTLAS_MODULES wattlas_${name})
  # Eight files compile as one: a third of the time of a whole build.
  set_target_properties(wattlas_${name} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 8)
  if("wattlas_fmt" IN_LIST MODULE_PRIVATE)
    wattlas_precompile(wattlas_${name} <fmt/format.h>)
  else()
    wattlas_precompile(wattlas_${name})
  endif()
endfunction()
