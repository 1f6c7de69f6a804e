#include "apps/cli/print_json.hpp"

#include <iostream>
#include <nlohmann/json.hpp>

namespace nelbo {

void print_json(const nlohmann::ordered_json& object) {
  std::cout << object.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) << "\n";
}

}  // namespace nelbo
