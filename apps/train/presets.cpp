#include "apps/train/presets.hpp"

#include "autodiff/nearest_name.hpp"
#include "autodiff/setting_error.hpp"

namespace nelbo {

const std::vector<Preset>& presets() {
  static const std::vector<Preset> all{
      {"quickstart", "10,000 generated 32x32 pictures of shapes; half a minute on two cores",
       "data = 'sprites:32'\n"
       "model = 'mlp'\n"
       "hidden = [400, 200]\n"
       "latent = 10\n"
       "likelihood = 'bernoulli'\n"
       "objective = 'elbo'\n"
       "batch = 64\n"
       "lr = 0.001\n"
       "epochs = 50\n"},
  };
  return all;
}

const std::string& preset_text(const std::string& name) {
  std::vector<std::string> names;
  for (const Preset& preset : presets()) {
    if (preset.name == name) return preset.toml;
    names.push_back(preset.name);
  }
  throw SettingError("preset", "'" + name + "' is unknown; " + suggest(name, names));
}

}  // namespace nelbo
