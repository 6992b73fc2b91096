# wattlas_test(NAME SOURCES files... LINK libraries... [ALONE files...] [LABELS ...] [SERIAL] [SANITIZED])
# Sources compile five at a time, those of ALONE by themselves (helpers of the same names).
# SANITIZED: also built and run by scripts/check_sanitized.
# One GoogleTest executable; ctest runs each case in its own process and in parallel.
find_package(GTest QUIET)
wattlas_need(GTest_FOUND GoogleTest "libgtest-dev libgmock-dev")
include(GoogleTest)

# Paths are compiled into one file: all other objects are then the same in every checkout, so that
# a compiler cache serves them.
add_library(wattlas_test_paths STATIC ${PROJECT_SOURCE_DIR}/tests/paths.cpp)
target_include_directories(wattlas_test_paths PUBLIC ${PROJECT_SOURCE_DIR})
target_compile_definitions(wattlas_test_paths PRIVATE WATTLAS_SOURCE_ROOT="${PROJECT_SOURCE_DIR}")

function(wattlas_test name)
  cmake_parse_arguments(TEST "SERIAL;SANITIZED" "" "SOURCES;ALONE;LINK;LABELS" ${ARGN})
  add_executable(test_${name} ${TEST_SOURCES} ${TEST_ALONE})
  set_source_files_properties(${TEST_ALONE} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
  target_link_libraries(test_${name} PRIVATE ${TEST_LINK} wattlas_test_paths wattlas_options wattlas_warnings
                        GTest::gtest GTest::gmock GTest::gtest_main)
  wattlas_precompile(test_${name} <gmock/gmock.h> <gtest/gtest.h>)
  set_target_properties(test_${name} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 5)
  set(properties TIMEOUT 120)
  if(TEST_SANITIZED)
    list(APPEND TEST_LABELS sanitized)
    set_property(GLOBAL APPEND PROPERTY WATTLAS_SANITIZED test_${name})
  endif()
  if(TEST_LABELS)
    list(APPEND properties LABELS "${TEST_LABELS}")
  endif()
  if(TEST_SERIAL)
    list(APPEND properties RUN_SERIAL TRUE)
  endif()
  gtest_discover_tests(test_${name} TEST_PREFIX "${name}." DISCOVERY_TIMEOUT 60
                       PROPERTIES ${properties})
endfunction()
