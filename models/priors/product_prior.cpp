#include "models/priors/product_prior.hpp"

#include <algorithm>
#include <optional>

#include "autodiff/error.hpp"
#include "autodiff/ops/elementwise_ops.hpp"
#include "autodiff/ops/shape_ops.hpp"
#include "models/posteriors/product_posterior.hpp"
#include "models/posteriors/split_blocks.hpp"
#include "models/priors/check_dimensions.hpp"

namespace nelbo {
namespace {

Var columns(Var x, std::int64_t first, std::int64_t size) {
  return contiguous(slice(x, -1, first, first + size));
}

/// Declares the families' parameters and records their product.
PriorRecorder declare_blocks(const std::string& text, const std::vector<PriorFamily>& families,
                             const PriorContext& context) {
  struct Part {
    PriorRecorder record;
    std::int64_t size;
  };
  std::vector<Part> parts;
  for (std::size_t i = 0; i < families.size(); ++i) {
    const CodeSpace& codes = context.codes.blocks[i];
    const PriorContext own{codes,
                           context.store,
                           context.features,
                           context.moments,
                           context.likelihood,
                           context.encoder,
                           context.conditions,
                           context.name + ".block" + std::to_string(i)};
    parts.push_back({families[i].declare(own), codes.dimensions()});
  }
  return [text, parts] {
    std::vector<ProductPrior::Block> blocks;
    std::int64_t first = 0;
    for (const Part& part : parts) {
      blocks.push_back({part.record(), first, part.size});
      first += part.size;
    }
    return std::make_shared<ProductPrior>(text, std::move(blocks));
  };
}

std::string unfit_blocks(const std::string& text, const std::vector<PriorFamily>& families,
                         const CodeSpace& codes) {
  if (codes.blocks.size() != families.size()) {
    return "prior " + text + " is of " + std::to_string(families.size()) +
           " blocks of codes, and here they are " + codes.text() + "; give a prior for each block";
  }
  for (std::size_t i = 0; i < families.size(); ++i) {
    if (std::string why = families[i].unfit(codes.blocks[i]); !why.empty()) {
      return "block " + std::to_string(i + 1) + ": " + why;
    }
  }
  return "";
}

PriorFamily product_of(const std::string& text, const std::vector<PriorFamily>& families) {
  return {.text = text,
          .unfit = [=](const CodeSpace& codes) { return unfit_blocks(text, families, codes); },
          .declare =
              [=](const PriorContext& context) { return declare_blocks(text, families, context); }};
}

}  // namespace

bool ProductPrior::factorised() const {
  return std::all_of(blocks_.begin(), blocks_.end(),
                     [](const Block& block) { return block.prior->factorised(); });
}

Var ProductPrior::log_prob(Var z) const {
  check_dimensions(*this, z, blocks_.back().first + blocks_.back().size);
  std::optional<Var> total;
  for (const Block& block : blocks_) {
    const Var own = block.prior->log_prob(columns(z, block.first, block.size));
    total = total ? *total + own : own;
  }
  return *total;
}

Var ProductPrior::marginal_log_prob(Var z) const {
  check_dimensions(*this, z, blocks_.back().first + blocks_.back().size);
  std::vector<Var> all;
  for (const Block& block : blocks_) {
    all.push_back(block.prior->marginal_log_prob(columns(z, block.first, block.size)));
  }
  return concatenate(all, -1);
}

std::int64_t ProductPrior::noise_dimensions() const {
  std::int64_t total = 0;
  for (const Block& block : blocks_) total += block.prior->noise_dimensions();
  return total;
}

Var ProductPrior::sample(Var noise) const {
  check_dimensions(*this, noise, noise_dimensions());
  std::vector<Var> all;
  std::int64_t first = 0;
  for (const Block& block : blocks_) {
    const std::int64_t width = block.prior->noise_dimensions();
    all.push_back(block.prior->sample(columns(noise, first, width)));
    first += width;
  }
  return concatenate(all, -1);
}

std::optional<Var> ProductPrior::kl(const Posterior& q) const {
  const ProductPosterior* const own = q.product();
  if (own == nullptr || own->blocks().size() != blocks_.size()) return std::nullopt;
  std::optional<Var> total;
  for (std::size_t i = 0; i < blocks_.size(); ++i) {
    const std::optional<Var> kl = blocks_[i].prior->kl(*own->blocks()[i].q);
    if (!kl) return std::nullopt;
    total = total ? *total + *kl : *kl;
  }
  return total;
}

PriorFamily product_prior(const std::string& text) {
  std::vector<PriorFamily> families;
  for (const std::string& part : split_blocks(text)) {
    families.push_back(parse_prior(part));
    if (!families.back().declare_conditional && !families.back().moves_encoder) continue;
    throw Error("prior '" + text + "': " + part +
                " is of all codes together, and no prior of a block; choose another");
  }
  return product_of(text, families);
}

PriorFamily simplest_product_prior(const CodeSpace& codes) {
  std::vector<PriorFamily> families;
  std::string text;
  for (const CodeSpace& block : codes.blocks) {
    families.push_back(simplest_prior(block));
    text += text.empty() ? "" : "+";
    text += families.back().text;
  }
  return product_of(text, families);
}

}  // namespace nelbo
