# Compiler settings shared by all modules, and `wattlas_module()` which declares one module as a library.
include(GNUInstallDirs)
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

find_program(WATTLAS_CCACHE ccache)
if(WATTLAS_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${WATTLAS_CCACHE})
endif()

add_library(wattlas_options INTERFACE)
# The same bytes on every x86-64 machine: no contraction, no -march=native (docs/contract.md, 6).
target_compile_options(wattlas_options INTERFACE -ffp-contract=off)
add_library(wattlas_warnings INTERFACE)
target_compile_options(wattlas_warnings INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion
                       -Wno-sign-conversion)
# g++ 12 reports these inside its own std::string and std::variant (GCC bugs 105329, 105562).
target_compile_options(wattlas_warnings INTERFACE
                       $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict -Wno-maybe-uninitialized>)
if(WATTLAS_WERROR)
  target_compile_options(wattlas_warnings INTERFACE -Werror)
endif()
if(WATTLAS_SANITIZE)
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=undefined
                      -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
endif()

# wattlas_module(NAME SOURCES files... LINK public-libraries... PRIVATE private-libraries...)
# declares the static library wattlas_NAME with the alias wattlas::NAME. A module's public links are
# the modules that its headers may include; scripts/check_layers holds them against the house plan.
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
endfunction()
