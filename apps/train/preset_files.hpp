#pragma once
#include <vector>

namespace nelbo {

/// A file of apps/presets/.
struct PresetFile {
  const char* name;
  const char* text;
};

/// All of them, in the order of apps/CMakeLists.txt, which writes their definition.
std::vector<PresetFile> preset_files();

}  // namespace nelbo
