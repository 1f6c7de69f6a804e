// A model in training, a step at a time.
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "apps/cli/signals.hpp"
#include "lab/training/run_data.hpp"
#include "lab/training/trainer.hpp"
#include "python/src/arrays.hpp"
#include "python/src/computing.hpp"
#include "python/src/laboratory.hpp"

namespace nelbo::python {
namespace {

/// Of settings and their texts, as flags of the command line.
TrainConfig config_of(const std::vector<std::pair<std::string, std::string>>& settings) {
  TrainConfig config;
  for (const auto& [name, text] : settings) apply_setting(config, name, text);
  return config;
}

class PythonTrainer {
 public:
  explicit PythonTrainer(const std::vector<std::pair<std::string, std::string>>& settings) {
    const Computing computing;
    TrainPlan plan = resolve(config_of(settings));
    data_ = load_run_data(plan.config);
    trainer_ = std::make_unique<Trainer>(plan, *data_);
    for (const Quantity& one : trainer_->objective().quantities()) names_.push_back(one.name);
  }

  Trainer& get() const { return *trainer_; }
  const data::Dataset& data() const { return *data_; }

  void step(std::uint64_t steps) {
    for (std::uint64_t i = 0; i < steps; ++i) {
      if (trainer_->epoch_ended()) close_epoch();
      trainer_->step();
    }
  }

  /// So many epochs, or less where a signal came; whether one did.
  bool fit(std::uint64_t epochs, std::vector<Epoch>& made) {
    install_signal_handlers();
    bool interrupted = false;
    const std::uint64_t last = trainer_->state().epoch + epochs;
    while (!interrupted && trainer_->state().epoch < last && !trainer_->out_of_patience()) {
      while (!trainer_->epoch_ended() && pending_signal() == 0) trainer_->step();
      interrupted = pending_signal() != 0;
      if (trainer_->epoch_ended()) made.push_back(close_epoch());
    }
    return interrupted;
  }

  nb::dict metrics(const Metrics& metrics) const {
    nb::dict all;
    all["objective"] = metrics.objective;
    all["elbo"] = metrics.elbo();
    all["nell"] = metrics.nell;
    all["div"] = metrics.div;
    for (std::size_t i = 0; i < names_.size() && i < metrics.terms.size(); ++i) {
      all[nb::str(("terms." + names_[i]).c_str())] = metrics.terms[i];
    }
    return all;
  }

  nb::dict told(const Epoch& epoch) const {
    nb::dict all;
    all["epoch"] = epoch.epoch;
    all["train"] = metrics(epoch.train);
    if (epoch.validation) all["valid"] = metrics(*epoch.validation);
    all["test"] = metrics(epoch.held_out);
    all["best"] = epoch.best;
    return all;
  }

 private:
  Epoch close_epoch() {
    Epoch report{.train = trainer_->train_metrics(),
                 .held_out = trainer_->held_out(),
                 .validation = trainer_->validation()};
    report.best = trainer_->close_epoch(
        report.validation ? std::optional(report.validation->objective) : std::nullopt);
    report.epoch = trainer_->state().epoch;
    return report;
  }

  std::unique_ptr<data::Dataset> data_;
  std::unique_ptr<Trainer> trainer_;
  std::vector<std::string> names_;
};

}  // namespace

void bind_trainer(nb::module_& module) {
  nb::class_<PythonTrainer>(module, "Trainer")
      .def(nb::init<const std::vector<std::pair<std::string, std::string>>&>(), nb::arg("settings"))
      .def("step", &PythonTrainer::step, nb::arg("steps"), nb::call_guard<nb::gil_scoped_release>())
      .def(
          "fit",
          [](PythonTrainer& self, std::uint64_t epochs) {
            std::vector<Epoch> made;
            bool interrupted = false;
            {
              const Computing computing;
              interrupted = self.fit(epochs, made);
            }
            nb::list all;
            for (const Epoch& epoch : made) all.append(self.told(epoch));
            return nb::make_tuple(all, interrupted);
          },
          nb::arg("epochs"),
          nb::sig("def fit(self, epochs: int) -> tuple[list[dict[str, typing.Any]], bool]"))
      .def(
          "save", [](const PythonTrainer& self, const std::string& path) { self.get().save(path); },
          nb::arg("path"), nb::call_guard<nb::gil_scoped_release>())
      .def(
          "load",
          [](PythonTrainer& self, const std::string& path) { return self.get().load(path); },
          nb::arg("path"), nb::call_guard<nb::gil_scoped_release>())
      .def(
          "train_metrics",
          [](const PythonTrainer& self) { return self.metrics(self.get().train_metrics()); },
          nb::sig("def train_metrics(self) -> dict[str, float]"))
      .def(
          "held_out",
          [](const PythonTrainer& self) {
            Metrics found;
            {
              const Computing computing;
              found = self.get().held_out();
            }
            return self.metrics(found);
          },
          nb::sig("def held_out(self) -> dict[str, float]"))
      .def_prop_ro("steps", [](const PythonTrainer& self) { return self.get().state().step; })
      .def_prop_ro("epochs", [](const PythonTrainer& self) { return self.get().state().epoch; })
      .def_prop_ro("batches_per_epoch",
                   [](const PythonTrainer& self) { return self.get().batches_per_epoch(); })
      .def_prop_ro("notes", [](const PythonTrainer& self) { return self.data().notes; })
      .def_prop_ro("objective", [](const PythonTrainer& self) { return self.get().objective(); })
      .def_prop_ro("config_text",
                   [](const PythonTrainer& self) { return to_toml(self.get().config()); })
      .def_prop_ro(
          "parameters",
          [](nb::object self) {
            return parameters_of(nb::cast<PythonTrainer&>(self).get().store(), self);
          },
          nb::sig("def parameters(self) -> dict[str, "
                  "numpy.typing.NDArray[numpy.float32]]"));
}

}  // namespace nelbo::python
