// A batch in parts has the gradient of the whole batch, for every objective of the registry: terms that
// compare its data are of all of it. The oracle is the batch in one part.
#include <array>
#include <set>

#include "lab/training/batch_in_parts.hpp"
#include "tests/lab/matrix_gradients.hpp"

using namespace nelbo;
using namespace nelbo::tests;

namespace {

constexpr std::size_t rows = 22;  // makes 4 parts of 5 and 6 rows

/// A cell's gradients in so many parts: of the model's cost, and of every auxiliary's own loss.
struct InParts {
  InParts(GradientCell& cell, std::size_t parts, Memory memory = Memory::ample) {
    const std::vector<Range> all{{0, cell.store.size()}};
    BatchInParts batch(
        rows, parts, one_process(),
        [&](std::size_t count, std::optional<BatchPart> part) {
          return std::make_unique<RecordedBatch>(
              *cell.networks.model, cell.networks.auxiliaries, cell.term, cell.choice,
              Population{.size = std::int64_t(gradient_data), .entropy = 2}, count,
              RecordedBatch::Use::training, std::move(part));
        },
        memory);
    std::vector<std::uint32_t> numbers;
    for (std::size_t i = 0; i < rows; ++i) numbers.push_back(std::uint32_t(i * 3 % gradient_data));
    batch.forward(
        [&](const Tensor& x, std::span<const std::uint32_t> some) {
          for (std::size_t b = 0; b < some.size(); ++b) {
            for (std::int64_t i = 0; i < x.shape()[1]; ++i) {
              x.set({std::int64_t(b), i}, cell.x.at({std::int64_t(some[b]), i}));
            }
          }
        },
        {random_variables::training, 5, 7, numbers, {7}});
    metrics = batch.metrics();
    GradientTree tree(cell.store, parts, one_process());
    std::vector<GradientSink> others(batch.any().parts().size(), GradientSink(cell.store));
    GradientSink sink(cell.store);
    batch.backward(tree, all, sink, others);
    const auto keep = [&] {
      const auto* first = static_cast<const double*>(sink.data());
      gradients.emplace_back(first, first + cell.store.size());
    };
    keep();
    for (const Auxiliary& own : cell.networks.auxiliaries.all()) {
      sink.clear();
      batch.backward_loss(tree, own.group, std::array{cell.store.range(own.group)}, sink);
      keep();
    }
  }

  Metrics metrics;
  std::vector<std::vector<double>> gradients;
};

/// The largest distance of a tensor's gradient from the other's, in units of its norm, or of 1 where that is
/// below.
double distance(const ParameterStore& store, const std::vector<double>& a,
                const std::vector<double>& b) {
  double worst = 0;
  for (const ParameterStore::Entry& entry : store.entries()) {
    double squares = 0, norm = 0;
    for (std::size_t i = entry.offset; i < entry.offset + std::size_t(entry.shape.size()); ++i) {
      squares += (a[i] - b[i]) * (a[i] - b[i]);
      norm += a[i] * a[i];
    }
    worst = std::max(worst, std::sqrt(squares) / std::max(std::sqrt(norm), 1.0));
  }
  return worst;
}

double far(double a, double b) { return std::abs(a - b) / std::max(std::abs(a), 1.0); }

/// What was compared.
struct Compared {
  int cells = 0, low = 0, low_refused = 0;
  double worst = 0;
  std::set<std::string> quantities;

  void run(const Kind& kind, const std::string& objective, const std::string& estimator) {
    INFO(kind.name << " x " << objective << " x " << estimator);
    std::optional<GradientCell> cell;
    std::optional<InParts> whole;
    try {
      cell.emplace(kind, objective, estimator);
      check_objective(cell->term, objective,
                      {.batch = std::int64_t(rows),
                       .data_size = gradient_data,
                       .latent = cell->networks.model->codes().variables,
                       .exact_div = has_exact_div(*cell->networks.model)});
      whole.emplace(*cell, 1);
    } catch (const Error&) {
      return;  // refused of a whole batch too
    }
    for (const std::size_t parts : {std::size_t(2), std::size_t(4)}) {
      INFO(parts << " parts");
      const InParts other(*cell, parts);
      for (std::size_t i = 0; i < whole->gradients.size(); ++i) {
        worst = std::max(worst, distance(cell->store, whole->gradients[i], other.gradients[i]));
      }
      for (const auto of : {&Metrics::nell, &Metrics::div, &Metrics::objective}) {
        worst = std::max(worst, far(whole->metrics.*of, other.metrics.*of));
      }
      for (std::size_t i = 0; i < whole->metrics.terms.size(); ++i) {
        worst = std::max(worst, far(whole->metrics.terms[i], other.metrics.terms[i]));
      }
      CHECK(worst < 1e-11);
      compare_low_memory(*cell, parts, other);
    }
    ++cells;
    for (const Quantity& quantity : cell->term.quantities()) quantities.insert(quantity.name);
  }

  /// One after another in one recording's memory, the same parts have the same bits, or are refused.
  void compare_low_memory(GradientCell& cell, std::size_t parts, const InParts& ample) {
    try {
      const InParts one_by_one(cell, parts, Memory::low);
      CHECK(one_by_one.gradients == ample.gradients);
      CHECK(one_by_one.metrics.objective == ample.metrics.objective);
      CHECK(one_by_one.metrics.terms == ample.metrics.terms);
      ++low;
    } catch (const SettingError& error) {
      CHECK(std::string(error.what()).find("compares the data of a batch") != std::string::npos);
      ++low_refused;
    }
  }
};

}  // namespace

TEST_CASE("parts: every objective's gradient in 2 and 4 parts is the whole batch's, in float64") {
  Compared compared;
  for (const Kind& kind : all_kinds()) {
    const CodeSpace codes = GradientCell(kind, "nell", "reparam").networks.model->codes();
    for (const std::string& objective : objective_texts()) {
      // A critic has 5 million parameters: of one kind of model it is enough.
      if (objective.find("factor") != std::string::npos && kind.name != "diagonal") continue;
      compared.run(kind, objective, codes.differentiable() ? "reparam" : "score");
    }
  }
  for (const char* posterior : {"diagonal", "bernoulli"}) {
    for (const std::string& estimator : estimator_texts()) {
      for (const char* objective : {"elbo(mc)", "iw(m=2)", "square(elbo(mc) + 1)"}) {
        compared.run({.name = posterior, .posterior = posterior}, objective, estimator);
      }
    }
  }
  WARN(compared.cells << " cells of " << compared.quantities.size() << " quantities, farthest: "
                      << compared.worst << "; low memory: " << compared.low << " the same bits, "
                      << compared.low_refused << " refused");
  CHECK(compared.low > 2 * compared.low_refused);
  CHECK(compared.low_refused > 0);
  CHECK(compared.worst < 1e-11);
  for (const char* name : {"mi(strat)", "tc(strat)", "dwkl(strat)", "aggdiv(strat)", "hagg(strat)",
                           "mmd(kernel=rbf)", "mmd(kernel=imq)", "dip(i, diagonal=1)",
                           "dip(ii, diagonal=1)", "factor_tc", "classification", "div_j"}) {
    INFO(name);
    CHECK(compared.quantities.count(name) == 1);
  }
}
