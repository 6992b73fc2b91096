#include "models/base/data_path.h"

namespace wattlas {

namespace {
SearchPath& current() {
  static SearchPath path = SearchPath::standard(WATTLAS_SOURCE_ROOT);
  return path;
}
}  // namespace

const SearchPath& dataPath() {
  return current();
}

void setDataPath(SearchPath path) {
  current() = std::move(path);
}

}  // namespace wattlas
