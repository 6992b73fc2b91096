// A text column of a results file while it grows.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace wattlas {

/// A column of texts: each different text is kept once.
class TextColumn {
 public:
  static constexpr std::size_t longest = 1000;  ///< bytes of a cell; longer text is cut

  explicit TextColumn(std::string name, bool unique) : name_(std::move(name)), unique_(unique) {}
  // The keys of codes_ look into texts_, whose elements stay where they are when it is moved.
  TextColumn(TextColumn&&) = default;
  TextColumn& operator=(TextColumn&&) = default;
  TextColumn(const TextColumn&) = delete;
  TextColumn& operator=(const TextColumn&) = delete;
  ~TextColumn() = default;

  void add(std::string_view text) {
    if (text.size() > longest) {
      std::size_t end = longest;
      while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
      text = text.substr(0, end);  // never inside a UTF-8 character
    }
    std::string plain;
    if (std::any_of(text.begin(), text.end(), isControl)) {
      plain = text;
      std::replace_if(plain.begin(), plain.end(), isControl, '?');
      text = plain;
    }
    width_ = std::max(width_, text.size());
    if (!unique_) {
      if (const auto known = codes_.find(text); known != codes_.end()) {
        rows_.push_back(known->second);
        return;
      }
    }
    const auto code = static_cast<std::uint32_t>(texts_.size());
    texts_.emplace_back(text);
    if (!unique_) codes_.emplace(texts_.back(), code);
    rows_.push_back(code);
  }
  /// Never written, and refused by the reader: a terminal would obey them.
  static bool isControl(char c) {
    return (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t') || c == 0x7F;
  }
  /// A design parameter that first shows up now was inactive in all rows before.
  void padTo(std::size_t rows) {
    while (rows_.size() < rows) add("");
  }
  const std::string& name() const { return name_; }
  std::size_t width() const { return width_; }
  std::size_t rows() const { return rows_.size(); }
  std::string slab(std::size_t from, std::size_t count) const {
    std::string bytes(count * width_, '\0');
    for (std::size_t i = 0; i < count; ++i) {
      const std::string& text = texts_[rows_[from + i]];
      text.copy(bytes.data() + i * width_, text.size());
    }
    return bytes;
  }

 private:
  std::string name_;
  bool unique_;
  std::size_t width_ = 1;
  std::deque<std::string> texts_;  // stable addresses for the keys of codes_
  std::unordered_map<std::string_view, std::uint32_t> codes_;
  std::vector<std::uint32_t> rows_;
};

}  // namespace wattlas
