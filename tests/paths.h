// Where tests find the files of the source tree.
#pragma once

namespace wattlas::test {

/// The source tree, without a slash at its end.
const char* sourceRoot();
/// Its folder tests/data.
const char* dataFolder();

}  // namespace wattlas::test
