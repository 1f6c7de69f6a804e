#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace nelbo {

/// The seeds that a text names, in its order: "0..4" is 0, 1, 2, 3, 4, both ends among them; "1,3,5" and
/// "0..2,7" are lists. Throws SettingError of `seeds` where the text is no such list, a seed is above
/// 2^63 - 1 or named twice, a range runs downward, or there are more than 1000.
std::vector<std::uint64_t> read_seeds(const std::string& text);

}  // namespace nelbo
