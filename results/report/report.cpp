#include "results/report/report.h"

#include <fmt/format.h>

#include <string_view>

#include "models/base/atomic_file.h"
#include "results/report/report_data.h"

namespace wattlas {
namespace embedded {
// Made from page/ and the distribution's packages when Wattlas is built.
extern const std::string_view reportPageHtml, reportStyle, reportScript, chartLibrary, chartLicence;
}  // namespace embedded

namespace {

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '"')
      out += "&quot;";
    else
      out += c;
  }
  return out;
}

}  // namespace

std::string reportPage(const Store& store, const ReportOptions& options) {
  const std::vector<std::size_t> shown = shownRows(store, options.points);
  const std::string rows = packed(reportRows(store, shown));
  const std::string details = packed(reportDetails(store, shown, options.details));
  const std::string title = escaped(store.header().name);
  const std::string licence = escaped(embedded::chartLicence);
  const std::pair<std::string_view, std::string_view> parts[] = {
      {"TITLE", title},     {"STYLE", embedded::reportStyle},   {"CHART", embedded::chartLibrary},
      {"LICENCE", licence}, {"SCRIPT", embedded::reportScript}, {"ROWS", rows},
      {"DETAILS", details}};
  // One pass over the template: text that was put in is never looked at again.
  const std::string_view page = embedded::reportPageHtml;
  std::string out;
  for (std::size_t at = 0; at < page.size();) {
    const std::size_t mark = page.find("{{", at);
    out += page.substr(at, mark - at);
    if (mark == std::string_view::npos) break;
    const std::size_t end = page.find("}}", mark);
    const std::string_view name = page.substr(mark + 2, end - mark - 2);
    for (const auto& [known, text] : parts)
      if (known == name) out += text;
    at = end + 2;
  }
  return out;
}

void writeReport(const std::string& path, const Store& store, const ReportOptions& options) {
  writeFileAtomically(path, reportPage(store, options));
}

}  // namespace wattlas
