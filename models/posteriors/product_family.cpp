#include "models/posteriors/product_family.hpp"

#include <utility>
#include <vector>

#include "autodiff/error.hpp"
#include "autodiff/ops/shape_ops.hpp"
#include "models/posteriors/product_posterior.hpp"
#include "models/posteriors/split_blocks.hpp"

namespace nelbo {
namespace {

constexpr std::int64_t most_variables = 65536;

struct OneBlock {
  PosteriorFamily family;
  CodeSpace codes;
};

OneBlock block_of(const std::string& text, const std::string& whole) {
  Choice choice = parse_choice("posterior", text);
  const PosteriorWord& word = posteriors().at(choice.name);
  std::int64_t variables = 1;
  if (word.usage == word.name) {  // it takes no argument: the number is that of its variables
    variables = choice.whole("the number of latent variables of the block", 1, most_variables);
    choice.argument.clear();
    choice.text = choice.name;
  }
  PosteriorFamily family = word.make(choice);
  if (family.declare) {
    throw Error("posterior '" + whole + "': " + choice.name +
                " is no block of others, having parameters beside the encoder's; give it alone");
  }
  const CodeSpace codes = family.codes(variables);
  return {std::move(family), codes};
}

std::shared_ptr<const Posterior> product_of(const std::vector<OneBlock>& blocks, Var output) {
  std::vector<ProductPosterior::Block> all;
  std::int64_t column = 0, first = 0;
  for (const OneBlock& block : blocks) {
    const std::int64_t columns = block.family.head(block.codes).outputs;
    const Var own = contiguous(slice(output, -1, column, column + columns));
    all.push_back({block.family.posterior(own, block.codes), first, block.codes.dimensions()});
    column += columns;
    first += block.codes.dimensions();
  }
  return std::make_shared<ProductPosterior>(std::move(all));
}

}  // namespace

PosteriorFamily product_family(const std::string& text) {
  std::vector<OneBlock> blocks;
  CodeSpace codes{.kind = CodeSpace::Kind::mixed};
  std::int64_t outputs = 0;
  for (const std::string& part : split_blocks(text)) {
    blocks.push_back(block_of(part, text));
    codes.blocks.push_back(blocks.back().codes);
    codes.variables += blocks.back().codes.variables;
    outputs += blocks.back().family.head(blocks.back().codes).outputs;
  }
  return {
      .text = text,
      .codes = [codes](std::int64_t) { return codes; },
      .head =
          [outputs](const CodeSpace& all) {
            return PosteriorFamily::Head{outputs, outputs, all.variables};
          },
      .posterior = [blocks](Var output, const CodeSpace&) { return product_of(blocks, output); },
      .normal = false,
      .variables = codes.variables};
}

}  // namespace nelbo
