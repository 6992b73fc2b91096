#include <algorithm>
#include <cstring>
#include <string>

#include "models/base/error.h"
#include "pim/dpu/exec/core.h"

namespace wattlas::dpu {

namespace {

void checkRange(std::uint32_t offset, std::size_t bytes) {
  if (bytes <= kMramBytes && offset <= kMramBytes - bytes) return;
  throw InputError("MRAM range " + std::to_string(offset) + " + " + std::to_string(bytes) +
                       " bytes leaves the bank",
                   "offset + size <= " + std::to_string(kMramBytes) + " bytes");
}

}  // namespace

Mram::Mram() : pages_(kMramBytes / kPageBytes) {}

Mram::Mram(const Mram& other) : Mram() {
  *this = other;
}

Mram& Mram::operator=(const Mram& other) {
  if (this == &other) return *this;
  for (std::size_t i = 0; i < pages_.size(); ++i) {
    pages_[i] = other.pages_[i] ? std::make_unique<Page>(*other.pages_[i]) : nullptr;
  }
  return *this;
}

void Mram::read(std::uint32_t offset, std::span<std::uint8_t> into) const {
  checkRange(offset, into.size());
  for (std::size_t done = 0; done < into.size();) {
    const std::uint32_t at = offset + static_cast<std::uint32_t>(done);
    const std::uint32_t inPage = at % kPageBytes;
    const std::size_t part = std::min<std::size_t>(into.size() - done, kPageBytes - inPage);
    if (const auto& page = pages_[at / kPageBytes]) {
      std::memcpy(into.data() + done, page->data() + inPage, part);
    } else {
      std::memset(into.data() + done, 0, part);
    }
    done += part;
  }
}

void Mram::write(std::uint32_t offset, std::span<const std::uint8_t> from) {
  checkRange(offset, from.size());
  for (std::size_t done = 0; done < from.size();) {
    const std::uint32_t at = offset + static_cast<std::uint32_t>(done);
    const std::uint32_t inPage = at % kPageBytes;
    const std::size_t part = std::min<std::size_t>(from.size() - done, kPageBytes - inPage);
    auto& page = pages_[at / kPageBytes];
    if (remembering_ && !old_.contains(at / kPageBytes)) {
      old_[at / kPageBytes] = page ? std::make_unique<Page>(*page) : nullptr;
    }
    if (!page) page = std::make_unique<Page>();
    std::memcpy(page->data() + inPage, from.data() + done, part);
    done += part;
  }
}

void Mram::remember() {
  old_.clear();
  remembering_ = true;
}

void Mram::rollback() {
  for (auto& [number, page] : old_) pages_[number] = std::move(page);
  forget();
}

void Mram::forget() {
  old_.clear();
  remembering_ = false;
}

std::size_t Mram::pages() const {
  return static_cast<std::size_t>(std::count_if(pages_.begin(), pages_.end(),
                                                [](const auto& page) { return page != nullptr; }));
}

bool Mram::sameAs(const Mram& other) const {
  static const Page zeros{};
  for (std::size_t i = 0; i < pages_.size(); ++i) {
    const Page& a = pages_[i] ? *pages_[i] : zeros;
    const Page& b = other.pages_[i] ? *other.pages_[i] : zeros;
    if (&a != &b && a != b) return false;
  }
  return true;
}

}  // namespace wattlas::dpu
