#include "lab/data/data_words.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "lab/data/gaussian.hpp"
#include "lab/data/sprites.hpp"
#include "lab/files/internal/fail.hpp"

namespace nelbo::data {

Registry<DataWord>& data_sets() {
  static Registry<DataWord> all(
      "data set", {{.name = "sprites",
                    .usage = "sprites[:32|:full|:grid|:grid:32]",
                    .summary = "hearts, ellipses and squares, embedded",
                    .make = [](const Choice& choice) { return sprites::load(choice.text); }},
                   {.name = "fashion-mnist",
                    .usage = "fashion-mnist",
                    .summary = "Debian's package dataset-fashion-mnist",
                    .folder = [] { return find_fashion_mnist(system_data_roots()); }},
                   {.name = "gaussian",
                    .usage = "gaussian:V,V",
                    .summary = "normal variables with these variances, mean and covariance exact",
                    .make = make_gaussian}});
  return all;
}

bool is_made(const std::string& spec) {
  const DataWord* const word = data_sets().find(parse_choice("data", spec).name);
  return word != nullptr && word->make;
}

std::vector<std::string> system_data_roots() {
  std::vector<std::string> roots;
  const auto add = [&](const std::string& root) {
    if (!root.empty() && std::find(roots.begin(), roots.end(), root) == roots.end())
      roots.push_back(root);
  };
  const auto environment = [](const char* name) {
    const char* value = std::getenv(name);
    return std::string(value ? value : "");
  };
  add(environment("XDG_DATA_HOME"));
  const std::string home = environment("HOME");
  if (roots.empty() && !home.empty()) add(home + "/.local/share");
  std::string shared = environment("XDG_DATA_DIRS") + ":/usr/local/share:/usr/share:";
  for (std::size_t end; (end = shared.find(':')) != std::string::npos; shared.erase(0, end + 1))
    add(shared.substr(0, end));
  return roots;
}

std::string find_fashion_mnist(const std::vector<std::string>& roots) {
  std::string tried;
  for (const std::string& root : roots) {
    const std::string folder = root + "/datasets/fashion-mnist";
    const std::string images = folder + "/train-images-idx3-ubyte";
    std::error_code ignored;
    if (std::filesystem::exists(images, ignored) ||
        std::filesystem::exists(images + ".gz", ignored))
      return folder;
    tried += (tried.empty() ? "" : ", ") + folder;
  }
  fail("fashion-mnist", "not found in {}; install it with: apt-get install dataset-fashion-mnist",
       tried);
}

}  // namespace nelbo::data
