#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace nelbo::data {

/// Height and width, in pixels.
struct PixelSize {
  std::int64_t height = 0, width = 0;

  std::string text() const;  ///< "28x28"
  bool operator==(const PixelSize&) const = default;
};

inline constexpr std::int64_t most_side = 1024;          ///< of what resizing makes
inline constexpr std::int64_t most_side_read = 1 << 20;  ///< of what is cropped

/// Reads "28x28", the value of `setting`. Throws SettingError for anything else, sides below 1 or above
/// `most`.
PixelSize parse_size(const std::string& setting, const std::string& text, std::int64_t most);

/// What is done to every example before it is scaled, in this order. As a Scaling it is decided when a run
/// is made, kept in it, and applied to whatever the run is given later.
struct Preprocessing {
  std::optional<PixelSize> crop;    ///< the middle of the picture; what cannot be halved goes below
  std::optional<PixelSize> resize;  ///< by area means (area_resize.hpp)
  /// 1: grey, luma 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601); 3: grey as red, green and blue, [H, W, 3];
  /// 0: as they are.
  std::int64_t channels = 0;
  bool invert = false;  ///< x becomes greatest - x
  std::optional<double>
      greatest;  ///< of the training split (greatest_of); known once data are loaded

  bool any() const { return crop || resize || channels != 0 || invert; }
  bool operator==(const Preprocessing&) const = default;
  /// "crop 90x90, resize 28x28, channels 1, invert 255 - x"
  std::string text() const;
};

}  // namespace nelbo::data
