#include "models/activation_words.hpp"

#include "autodiff/error.hpp"
#include "autodiff/nearest_name.hpp"

namespace nelbo {
namespace {

struct Word {
  const char* name;
  Activation activation;
};
constexpr Word words[] = {
    {"tanh", Activation::tanh},
    {"relu", Activation::relu},
    {"leaky_relu", Activation::leaky_relu},
    {"elu", Activation::elu},
    {"softplus", Activation::softplus},
    {"sigmoid", Activation::sigmoid},
    {"gelu", Activation::gelu},
    {"silu", Activation::silu},
    {"identity", Activation::identity},
};

}  // namespace

Activation parse_activation(const std::string& name) {
  for (const Word& word : words) {
    if (name == word.name) return word.activation;
  }
  throw Error("activation '" + name + "' is unknown; " + suggest(name, activation_names()));
}

std::vector<std::string> activation_names() {
  std::vector<std::string> names;
  for (const Word& word : words) names.push_back(word.name);
  return names;
}

}  // namespace nelbo
