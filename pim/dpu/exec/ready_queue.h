// The order in which tasklets become ready. Internal.
#pragma once

#include <array>
#include <cstdint>

namespace wattlas::dpu {

/// Tasklets by (ready time, number). Entries mostly arrive in order, at the back.
class ReadyQueue {
 public:
  struct Entry {
    std::uint64_t ready;
    std::uint32_t tasklet;
  };
  bool empty() const { return size_ == 0; }
  unsigned size() const { return size_; }
  const Entry& operator[](unsigned i) const { return at(i); }
  Entry& operator[](unsigned i) { return entries_[(head_ + i) & kMask]; }
  const Entry& front() const { return at(0); }
  void pop() {
    ++head_;
    --size_;
  }
  void insert(Entry entry) {
    unsigned i = size_++;
    while (i > 0 && before(entry, at(i - 1))) {
      (*this)[i] = at(i - 1);
      --i;
    }
    (*this)[i] = entry;
  }
  void remove(std::uint32_t tasklet) {
    unsigned kept = 0;
    for (unsigned i = 0; i < size_; ++i)
      if (at(i).tasklet != tasklet) (*this)[kept++] = at(i);
    size_ = kept;
  }
  static bool before(const Entry& a, const Entry& b) {
    return a.ready != b.ready ? a.ready < b.ready : a.tasklet < b.tasklet;
  }

 private:
  static constexpr unsigned kMask = 31;
  const Entry& at(unsigned i) const { return entries_[(head_ + i) & kMask]; }
  std::array<Entry, kMask + 1> entries_{};
  unsigned head_ = 0, size_ = 0;
};

}  // namespace wattlas::dpu
