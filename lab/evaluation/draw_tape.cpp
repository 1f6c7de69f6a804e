#include "lab/evaluation/draw_tape.hpp"

#include "autodiff/ops/shape_ops.hpp"
#include "objectives/draw/draw.hpp"

namespace nelbo {

DrawTape::DrawTape(const Model& model, std::int64_t samples, std::size_t batch,
                   const std::function<std::vector<Var>(Draw&)>& record,
                   const std::function<Population()>& population, const Encoded* posteriors)
    : codes_(model.codes()), posteriors_(posteriors) {
  const Recording recording(tape_);
  x_ = tape_.leaf({std::int64_t(batch), model.shown()});
  const Batch shown = model.batch(x_);
  noise_ = tape_.leaf({samples, std::int64_t(batch), codes_.dimensions()});
  if (posteriors) {
    read_out_.emplace(model);
    conditions_ = tape_.leaf({std::int64_t(batch), 2 * codes_.dimensions()}, DType::f64);
    draw_ = std::make_unique<Draw>(*read_out_, ReadOut::batch_of(shown, *conditions_),
                                   converted(noise_, DType::f64), population());
  } else {
    draw_ = std::make_unique<Draw>(model, shown, noise_, population());
  }
  for (const Var& value : record(*draw_)) {
    values_.push_back(contiguous(value));
    tape_.keep(values_.back());
  }
}

DrawTape::~DrawTape() = default;

void DrawTape::load(const Examples& examples, std::span<const std::uint32_t> rows) {
  examples.fill(tape_.data(x_).data_as<float>(), rows, 0);
  if (posteriors_) ReadOut::fill_conditions(tape_.data(*conditions_), *posteriors_, rows);
}

void DrawTape::run(std::uint64_t seed, std::span<const std::uint32_t> rows, std::int64_t first,
                   std::uint64_t batch) {
  const Moment moment{random_variables::evaluation, seed, 0, rows, 0, batch};
  RandomBlock block = moment.block(moment.variables.z);
  block.first_draw = std::uint32_t(first);
  fill_noise(codes_, tape_.data(noise_), block);
  draw_->fill(moment);
  tape_.forward();
}

}  // namespace nelbo
