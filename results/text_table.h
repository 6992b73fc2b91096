// Text for terminals: aligned columns, colours only when told.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace wattlas {

struct TextOptions {
  bool colour = false;  ///< true only when the output is a terminal
  std::size_t width = 110;
};

enum class Style { plain, bold, dim, good, bad, warn, title };

/// `text` with the escape codes of `style`, or as it is.
std::string styled(std::string_view text, Style style, const TextOptions& options);
/// A line of its own above a table.
std::string heading(std::string_view text, const TextOptions& options);
/// Columns a terminal needs for UTF-8 text: one per code point.
std::size_t displayWidth(std::string_view text);
/// At most `width` columns; a cut text ends with "..".
std::string clipped(std::string_view text, std::size_t width);
/// Breaks text at spaces into lines of at most `width` columns; later lines start with `indent`
/// spaces.
std::string wrapped(std::string_view text, std::size_t width, std::size_t indent);
/// A bar of up to `width` columns for a share of 0..1, in eighths of a column.
std::string bar(double share, std::size_t width);

struct Column {
  std::string title;
  bool right = false;     ///< numbers stand to the right
  std::size_t most = 40;  ///< columns; longer cells are clipped
  std::size_t least = 8;  ///< a column of text may shrink to this when the line is too wide
};

struct Cell {
  std::string text;
  Style style = Style::plain;
  Cell(std::string t, Style s = Style::plain) : text(std::move(t)), style(s) {}
  Cell(const char* t) : text(t) {}
};

class TextTable {
 public:
  explicit TextTable(std::vector<Column> columns) : columns_(std::move(columns)) {}
  /// A row may have fewer cells than there are columns.
  void add(std::vector<Cell> row) { rows_.push_back(std::move(row)); }
  bool empty() const { return rows_.empty(); }
  /// Columns without any text are left out. Each line starts with two spaces. When lines would be
  /// wider than `options.width`, the widest left-aligned columns shrink.
  std::string text(const TextOptions& options) const;

 private:
  std::vector<std::size_t> widths(const TextOptions& options) const;

  std::vector<Column> columns_;
  std::vector<std::vector<Cell>> rows_;
};

}  // namespace wattlas
