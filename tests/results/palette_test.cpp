// Colours of families must be told apart by everyone, on light and on dark ground.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

#include "results/style.h"

namespace wattlas {
namespace {

using Triple = std::array<double, 3>;

Triple linear(const std::string& hex) {
  Triple out{};
  for (std::size_t i = 0; i < 3; ++i) {
    const double c = std::stoi(hex.substr(1 + 2 * i, 2), nullptr, 16) / 255.0;
    out[i] = c <= 0.04045 ? c / 12.92 : std::pow((c + 0.055) / 1.055, 2.4);
  }
  return out;
}

double luminance(const Triple& c) {
  return 0.2126 * c[0] + 0.7152 * c[1] + 0.0722 * c[2];
}

double contrast(const std::string& a, const std::string& b) {
  const double x = luminance(linear(a)), y = luminance(linear(b));
  return (std::max(x, y) + 0.05) / (std::min(x, y) + 0.05);
}

/// Lightness and two colour axes in which equal distances look about equal (OKLab).
Triple perceived(const Triple& c) {
  const double l = std::cbrt(0.4122214708 * c[0] + 0.5363325363 * c[1] + 0.0514459929 * c[2]);
  const double m = std::cbrt(0.2119034982 * c[0] + 0.6806995451 * c[1] + 0.1073969566 * c[2]);
  const double s = std::cbrt(0.0883024619 * c[0] + 0.2817188376 * c[1] + 0.6299787005 * c[2]);
  return {0.2104542553 * l + 0.7936177850 * m - 0.0040720468 * s,
          1.9779984951 * l - 2.4285922050 * m + 0.4505937099 * s,
          0.0259040371 * l + 0.7827717662 * m - 0.8086757660 * s};
}

using Matrix = std::array<Triple, 3>;
/// Full protanopia, deuteranopia and tritanopia (Machado, Oliveira and Fernandes 2009), and none.
constexpr std::array<Matrix, 4> visions = {{{{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}},
                                            {{{0.152286, 1.052583, -0.204868},
                                              {0.114503, 0.786281, 0.099216},
                                              {-0.003882, -0.048116, 1.051998}}},
                                            {{{0.367322, 0.860646, -0.227968},
                                              {0.280085, 0.672501, 0.047413},
                                              {-0.011820, 0.042940, 0.968881}}},
                                            {{{1.255528, -0.076749, -0.178779},
                                              {-0.078411, 0.930809, 0.147602},
                                              {0.004733, 0.691367, 0.303900}}}}};

Triple seen(const Matrix& vision, const Triple& c) {
  Triple out{};
  for (std::size_t i = 0; i < 3; ++i)
    out[i] = std::clamp(vision[i][0] * c[0] + vision[i][1] * c[1] + vision[i][2] * c[2], 0.0, 1.0);
  return perceived(out);
}

void expectApart(const char* Colour::*theme) {
  for (std::size_t i = 0; i < palette.size(); ++i)
    for (std::size_t k = 0; k < i; ++k)
      for (std::size_t v = 0; v < visions.size(); ++v) {
        const Triple a = seen(visions[v], linear(palette[i].*theme));
        const Triple b = seen(visions[v], linear(palette[k].*theme));
        const double distance = std::hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
        EXPECT_GT(distance, 0.08) << palette[i].*theme << " and " << palette[k].*theme
                                  << ", vision " << v;
      }
}

TEST(Palette, LightColoursAreToldApartWithAnyColourVision) {
  expectApart(&Colour::light);
}

TEST(Palette, DarkColoursAreToldApartWithAnyColourVision) {
  expectApart(&Colour::dark);
}

TEST(Palette, EveryColourHasContrastWithItsGround) {
  for (const Colour& colour : palette) {
    EXPECT_GE(contrast(colour.light, "#ffffff"), 3.0) << colour.light;
    EXPECT_GE(contrast(colour.dark, "#131a21"), 2.9) << colour.dark;
  }
}

}  // namespace
}  // namespace wattlas
