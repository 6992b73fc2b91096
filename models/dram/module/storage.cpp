#include "models/dram/module/storage.h"

#include <algorithm>
#include <cstring>

namespace wattlas::dram {

void Storage::read(std::uint64_t address, unsigned char* data, std::size_t length) const {
  while (length > 0) {
    const std::uint64_t offset = address % pageBytes;
    const auto n = std::min<std::size_t>(length, pageBytes - offset);
    const auto page = pages_.find(address / pageBytes);
    if (page == pages_.end())
      std::memset(data, 0, n);
    else
      std::memcpy(data, page->second->data() + offset, n);
    address += n;
    data += n;
    length -= n;
  }
}

void Storage::write(std::uint64_t address, const unsigned char* data, std::size_t length,
                    const unsigned char* enable, std::size_t enableLength) {
  for (std::size_t done = 0; done < length;) {
    const std::uint64_t offset = address % pageBytes;
    const auto n = std::min<std::size_t>(length - done, pageBytes - offset);
    auto& page = pages_[address / pageBytes];
    if (!page) page = std::make_unique<Page>();
    if (enable == nullptr) {
      std::memcpy(page->data() + offset, data + done, n);
    } else {
      for (std::size_t i = 0; i < n; ++i)
        if (enable[(done + i) % enableLength] != 0) (*page)[offset + i] = data[done + i];
    }
    address += n;
    done += n;
  }
}

}  // namespace wattlas::dram
