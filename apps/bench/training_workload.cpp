#include "apps/bench/training_workload.hpp"

#include <array>

#include "autodiff/error.hpp"
#include "autodiff/nearest_name.hpp"
#include "autodiff/optimizer.hpp"
#include "autodiff/profile.hpp"
#include "autodiff/random_variables.hpp"
#include "models/vae.hpp"
#include "objectives/draw/draw.hpp"
#include "objectives/language/expression.hpp"

namespace nelbo {
namespace {

/// A dense product [m, k] x [k, n]; `passes` is 3 (forward, two gradients), or 2 where the input is
/// data.
struct Product {
  double m, n, k;
  int passes = 3;
};

struct Workload {
  std::string name;
  std::string architecture;
  Shape example;
  std::vector<std::int64_t> hidden;
  int latent;
  int batch;
  std::string objective;
  float intensity;  // of the Bernoulli images
  std::vector<Product> products;
};

/// N of the schemes: dSprites'. It changes no work.
constexpr std::int64_t data_size = 737280;

/// Rows b of a product are images times positions; a convolution is its product of gathered
/// patches.
std::vector<Workload> workloads() {
  const double b = 64;
  const std::vector<Product> chen_mlp{{1024, 1200, 4096, 2}, {1024, 1200, 1200}, {1024, 20, 1200},
                                      {1024, 1200, 10},      {1024, 1200, 1200}, {1024, 1200, 1200},
                                      {1024, 4096, 1200}};
  return {
      {"vae_mlp",
       "mlp",
       {28, 28},
       {500},
       20,
       128,
       "elbo",
       0.13f,
       {{128, 500, 784, 2}, {128, 40, 500}, {128, 500, 20}, {128, 784, 500}}},
      {"iwae50",
       "burda",
       {28, 28},
       {},
       50,
       20,
       "iw(m=50)",
       0.13f,
       {{20, 200, 784, 2},
        {20, 200, 200},
        {20, 100, 200},
        {1000, 200, 50},
        {1000, 200, 200},
        {1000, 784, 200}}},
      {"conv64",
       "conv64",
       {64, 64},
       {},
       10,
       64,
       "elbo",
       0.05f,
       {{b * 1024, 32, 16, 2},
        {b * 256, 32, 512},
        {b * 64, 64, 512},
        {b * 16, 64, 1024},
        {b, 256, 1024},
        {b, 20, 256},
        {b, 256, 10},
        {b, 1024, 256},
        {b * 16, 1024, 64},
        {b * 64, 512, 64},
        {b * 256, 512, 32},
        {b * 1024, 16, 32}}},
      {"chen_mlp", "chen_mlp", {64, 64}, {}, 10, 1024, "elbo", 0.05f, chen_mlp},
      {"tcvae", "chen_mlp", {64, 64}, {}, 10, 1024, "beta_tcvae(beta=6)", 0.05f, chen_mlp},
      {"tiny",
       "mlp",
       {2},
       {8},
       2,
       16,
       "elbo",
       0.5f,
       {{16, 8, 2, 2}, {16, 4, 8}, {16, 8, 2}, {16, 2, 8}}},
  };
}

class VaeTraining : public TrainingWorkload {
 public:
  explicit VaeTraining(const Workload& workload)
      : workload_(workload),
        objective_(parse_objective(workload.objective).cost()),
        intensities_(workload.example.size() * workload.batch, workload.intensity),
        tape_({.mode = Tape::Mode::replay}) {
    const std::int64_t features = workload.example.size();
    VaeConfig config;
    config.architecture = workload.architecture;
    config.example = workload.example;
    config.latent = workload.latent;
    config.hidden = workload.hidden;
    const DataMoments moments{Tensor::full({features}, workload.intensity, DType::f64),
                              Tensor::full({features}, workload.intensity, DType::f64)};
    model_ = std::make_unique<Vae>(config, moments, parameters_);
    parameters_.freeze(0);
    gradient_ = std::make_unique<GradientSink>(parameters_);
    optimizer_ =
        std::make_unique<Optimizer>(OptimizerConfig{}, std::vector<Range>{{0, parameters_.size()}},
                                    parameters_.dtype(), parameters_.tensors());

    Recording recording(tape_);
    x_ = tape_.leaf({workload.batch, features});
    noise_ = tape_.leaf({objective_.samples(), workload.batch, model_->codes().dimensions()});
    draw_ = std::make_unique<Draw>(*model_, x_, noise_, Population{.size = data_size});
    cost_ = objective_(*draw_);
  }

  const std::string& name() const override { return workload_.name; }

  double flop() const override {
    double sum = 0;
    for (const Product& p : workload_.products) sum += 2 * p.m * p.n * p.k * p.passes;
    return sum;
  }

  std::size_t parameters() const override { return parameters_.count(); }

  double step() override {
    const std::size_t batch = workload_.batch;
    RandomBlock images{.stream = random_variables::binary_anew.of(0),
                       .step = steps_,
                       .batch = batch,
                       .dimensions = std::size_t(workload_.example.size())};
    {
      const ProfiledWork work("data");
      fill_binarized(tape_.data(x_).data_as<float>(), intensities_.data(), nullptr, images);
    }
    {
      const ProfiledWork work("noise");
      fill_noise(Noise::normal, tape_.data(noise_),
                 {.stream = random_variables::training.z.of(0), .step = steps_});
    }
    tape_.forward();
    tape_.backward(cost_, all_groups, *gradient_);
    {
      const ProfiledWork work("optimiser");
      optimizer_->step(static_cast<float*>(parameters_.data()),
                       static_cast<const float*>(gradient_->data()), 1e-3);
    }
    ++steps_;
    return cost_.item();
  }

 private:
  Workload workload_;
  Term objective_;                  // as a cost
  std::vector<float> intensities_;  // [B, X]
  ParameterStore parameters_;
  std::unique_ptr<Vae> model_;
  std::unique_ptr<GradientSink> gradient_;
  std::unique_ptr<Optimizer> optimizer_;
  Tape tape_;
  Var x_, noise_, cost_;
  std::unique_ptr<Draw> draw_;
  std::uint64_t steps_ = 0;
};

}  // namespace

std::vector<std::string> training_workload_names() {
  std::vector<std::string> names;
  for (const Workload& workload : workloads()) names.push_back(workload.name);
  return names;
}

std::unique_ptr<TrainingWorkload> make_training_workload(const std::string& name) {
  for (const Workload& workload : workloads()) {
    if (workload.name == name) return std::make_unique<VaeTraining>(workload);
  }
  throw Error("bench: unknown workload '" + name + "'; " +
              suggest(name, training_workload_names()));
}

}  // namespace nelbo
