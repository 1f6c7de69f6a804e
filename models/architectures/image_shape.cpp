#include "models/architectures/image_shape.hpp"

#include "autodiff/setting_error.hpp"

namespace nelbo {

std::int64_t image_channels(const std::string& model, std::int64_t side, const Shape& example) {
  const bool image = example.rank() == 2 || example.rank() == 3;
  if (image && example[0] == side && example[1] == side) {
    return example.rank() == 3 ? example[2] : 1;
  }
  const bool channels_first = example.rank() == 3 && example[1] == side && example[2] == side;
  const std::string n = std::to_string(side), grey = "[" + n + ", " + n + "]",
                    colour = "[" + n + ", " + n + ", C]";
  throw SettingError(
      "model", model + ": examples of shape " + example.text() +
                   (channels_first ? " have their channels first; store them with channels last, " +
                                         colour + ", or choose mlp, which takes any order"
                                   : " are no images " + grey + " or " + colour +
                                         " (channels last); choose mlp for them"));
}

}  // namespace nelbo
