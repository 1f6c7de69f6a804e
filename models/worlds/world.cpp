#include "models/worlds/world.hpp"

namespace nelbo {

std::vector<std::pair<std::string, double>> named_terms(const ExactTerms& terms) {
  return {{"nell", terms.nell},     {"div", terms.div},       {"mi", terms.mi},
          {"aggdiv", terms.aggdiv}, {"tc", terms.tc},         {"dwkl", terms.dwkl},
          {"pf", terms.pf},         {"hagg", terms.hagg},     {"hqzx", terms.hqzx},
          {"h_data", terms.h_data}, {"elbo", terms.elbo},     {"log_px", terms.log_px},
          {"gap", terms.gap},       {"mi_dec", terms.mi_dec}, {"mi_lower", terms.mi_lower}};
}

}  // namespace nelbo
