// Prints docs/formats.md: wattlas_formats_matrix > docs/formats.md
#include <iostream>

#include "models/base/error.h"
#include "tests/contract/formats_matrix.h"

int main() {
  try {
    std::cout << wattlas::suite::formatsPage();
  } catch (const wattlas::InputError& error) {
    std::cerr << error.what() << "\n";
    return 2;
  }
  return 0;
}
