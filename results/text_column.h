// A text column of a results file while it grows.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace wattlas {

/// A column of texts: each different text is kept once, all in one piece of memory.
class TextColumn {
 public:
  static constexpr std::size_t longest = 1000;  ///< bytes of a cell; longer text is cut

  explicit TextColumn(std::string name, bool unique) : name_(std::move(name)), unique_(unique) {}

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
    if (unique_) return keep(text);
    auto known = codes_.find(text);
    if (known == codes_.end()) {
      known = codes_.emplace(text, static_cast<std::uint32_t>(ends_.size())).first;
      keep(text);
    }
    rows_.push_back(known->second);
  }
  /// Never written, and refused by the reader: a terminal would obey them.
  static bool isControl(char c) {
    return (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t') || c == 0x7F;
  }
  /// A design parameter that first shows up now was inactive in all rows before.
  void padTo(std::size_t rows) {
    while (this->rows() < rows) add("");
  }
  const std::string& name() const { return name_; }
  std::size_t width() const { return width_; }
  std::size_t rows() const { return unique_ ? ends_.size() : rows_.size(); }
  std::string slab(std::size_t from, std::size_t count) const {
    std::string bytes(count * width_, '\0');
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t code = unique_ ? from + i : rows_[from + i];
      const std::size_t begin = code == 0 ? 0 : ends_[code - 1];
      letters_.copy(bytes.data() + i * width_, ends_[code] - begin, begin);
    }
    return bytes;
  }

 private:
  struct TextHash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  void keep(std::string_view text) {
    letters_ += text;
    ends_.push_back(letters_.size());
  }

  std::string name_;
  bool unique_;
  std::size_t width_ = 1;
  std::string letters_;            ///< of all different texts
  std::vector<std::size_t> ends_;  ///< of each of them
  std::unordered_map<std::string, std::uint32_t, TextHash, std::equal_to<>> codes_;
  std::vector<std::uint32_t> rows_;
};

}  // namespace wattlas
