# wattlas_test(NAME SOURCES files... LINK libraries... [LABELS ...] [SERIAL] [SANITIZED])
# SANITIZED: also built and run by scripts/check_sanitized.
# One GoogleTest executable; ctest runs each case in its own process and in parallel.
find_package(GTest QUIET)
wattlas_need(GTest_FOUND GoogleTest "libgtest-dev libgmock-dev")
include(GoogleTest)

function(wattlas_test name)
  cmake_parse_arguments(TEST "SERIAL;SANITIZED" "" "SOURCES;LINK;LABELS" ${ARGN})
  add_executable(test_${name} ${TEST_SOURCES})
  target_link_libraries(test_${name} PRIVATE ${TEST_LINK} wattlas_options wattlas_warnings
                        GTest::gtest GTest::gmock GTest::gtest_main)
  target_compile_definitions(test_${name} PRIVATE
    WATTLAS_TEST_DATA="${PROJECT_SOURCE_DIR}/tests/data" WATTLAS_DATA_ROOT="${PROJECT_SOURCE_DIR}")
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
