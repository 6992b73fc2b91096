#include "tests/paths.h"

namespace wattlas::test {

const char* sourceRoot() {
  return WATTLAS_SOURCE_ROOT;
}

const char* dataFolder() {
  return WATTLAS_SOURCE_ROOT "/tests/data";
}

}  // namespace wattlas::test
