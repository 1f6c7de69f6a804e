#include "lab/training/recorded_batch.hpp"

#include <algorithm>
#include <array>

#include "autodiff/profile.hpp"
#include "autodiff/setting_error.hpp"
#include "objectives/algebra/unfit.hpp"
#include "objectives/draw/draw.hpp"
#include "objectives/terms/terms.hpp"

namespace nelbo {
namespace {

/// The groups that a part may move: those named, or all but the auxiliaries'.
Groups mask_of(const Model& model, const Auxiliaries& auxiliaries,
               const std::vector<std::string>& only) {
  const ParameterStore& store = model.store();
  Groups mask = 0;
  for (const std::string& group : store.group_names()) {
    const bool named = std::find(only.begin(), only.end(), group) != only.end();
    if (only.empty() || named) mask |= store.groups({group});
  }
  return only.empty() ? mask & ~auxiliaries.groups(store) : mask;
}

}  // namespace

RecordedBatch::RecordedBatch(const Model& model, const Auxiliaries& auxiliaries,
                             const Term& objective, const EstimatorChoice& estimators,
                             const Population& population, std::size_t batch, Use use,
                             std::optional<BatchPart> part)
    : tape_({.mode = Tape::Mode::replay, .gradients = use != Use::evaluation}),
      batch_(batch),
      part_(std::move(part)),
      codes_(model.codes()),
      coupling_(estimators.coupling),
      store_(model.store()) {
  const Recording recording(tape_);
  std::optional<BatchPart::Use> of_part;
  if (part_) {
    of_part.emplace(tape_, *part_);
    share_ = Tensor::full({}, part_->weight(), store_.dtype());
  }
  std::optional<DropoutMasks::Use> dropping;
  std::optional<RunningMeans::Use> keeping;
  if (use == Use::training) {
    dropping.emplace(tape_, dropout_);
    keeping.emplace(tape_, running_means_);
    if (const std::string why = unfit_of_batch(estimators, objective, model); !why.empty()) {
      throw SettingError("likelihood", why);
    }
  }
  const DType dtype = model.store().dtype();
  const Var x = tape_.leaf({std::int64_t(batch), model.shown()}, dtype);
  data_ = tape_.data(x);
  noise_ = tape_.leaf({objective.samples(), std::int64_t(batch), codes_.dimensions()}, dtype);
  const std::optional<Bound> bound = objective.bound();
  const bool one_sweep = bound && estimators.one_sweep(*bound);
  if (const std::string why = unfit(estimators, objective, model); !why.empty()) {
    throw SettingError("estimator", why);
  }
  std::shared_ptr<const Estimation> estimation;
  if (!estimators.plain()) estimation = estimators.estimation(one_sweep);
  draw_ =
      std::make_unique<Draw>(model, model.batch(x), noise_, population, &auxiliaries, estimation);
  Draw& draw = *draw_;

  const Term cost = objective.cost();
  const std::vector<Term::Addend> addends = cost.by_groups();
  const Groups encoder = model.encoder();
  for (const Term::Addend& addend : addends) {
    const Var part = read_setting("objective", [&] { return addend.term(draw); });
    const Groups groups = mask_of(model, auxiliaries, addend.only);
    if (!estimation || one_sweep) {
      parts_.push_back({part, groups});
      continue;
    }
    for (const Groups own : {groups & ~encoder, groups & encoder}) {
      if (own != 0) parts_.push_back({part, own});
    }
  }
  std::stable_sort(parts_.begin(), parts_.end(), [](const Part& a, const Part& b) {
    return __builtin_popcount(a.groups) > __builtin_popcount(b.groups);
  });
  check_gradients(cost);
  cost_ = addends.size() == 1 ? parts_.front().cost : cost(draw);
  nell_ = nelbo::nell()(draw);
  div_ = nelbo::div(has_exact_div(model) ? Expectation::exact : Expectation::monte_carlo)(draw);
  for (const Reading& reading : objective.readings(draw)) terms_.push_back(reading.value);
  for (const Var& value : {cost_, nell_, div_}) tape_.keep(value);
  for (const Var& value : terms_) tape_.keep(value);
  metrics_.terms.resize(terms_.size());
}

RecordedBatch::~RecordedBatch() = default;

void RecordedBatch::check_gradients(const Term& cost) const {
  for (const Part& part : parts_) {
    const std::string why = tape_.severed(part.cost, part.groups);
    if (why.empty()) continue;
    for (const Reading& reading : cost.readings(*draw_)) {
      if (tape_.severed(reading.value, part.groups).empty()) continue;
      throw SettingError("estimator", "'" + reading.quantity.name + "': " + why);
    }
  }
}

const std::map<std::string, Var>& RecordedBatch::losses() const { return draw_->losses(); }

void RecordedBatch::fill(const Moment& moment) {
  const ProfiledWork work("noise");
  fill_noise(codes_, tape_.data(noise_), moment.block(moment.variables.z), coupling_);
  draw_->fill(moment);
  dropout_.fill(moment.seed, moment.step, moment.rows);
}

void RecordedBatch::backward(GradientSink& gradient, std::span<GradientSink> others) {
  // A pass writes the groups that it may move; others would keep the last step's gradient.
  if (parts_.size() > 1) gradient.clear();
  const auto pass = [&](const Part& part, GradientSink& sink) {
    tape_.backward(std::array{root(part.cost)}, part.groups, &sink);
  };
  pass(parts_.front(), gradient);
  for (std::size_t i = 1; i < parts_.size(); ++i) {
    pass(parts_[i], others[i - 1]);
    gradient.add(others[i - 1]);
  }
}

void RecordedBatch::backward_loss(const std::string& group, GradientSink& gradient) {
  tape_.backward(std::array{root(losses().at(group))}, store_.groups({group}), &gradient);
}

const Metrics& RecordedBatch::metrics() {
  metrics_.nell = nell_.item();
  metrics_.div = div_.item();
  metrics_.objective = -cost_.item();
  for (std::size_t i = 0; i < terms_.size(); ++i) metrics_.terms[i] = terms_[i].item();
  return metrics_;
}

}  // namespace nelbo
