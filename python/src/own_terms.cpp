// Terms that Python functions record. A function runs once for each recording, with the GIL, on the thread
// that records; what is recorded is replayed by nelbo alone.
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "autodiff/error.hpp"
#include "objectives/draw/draw.hpp"
#include "objectives/language/vocabulary.hpp"
#include "python/src/held.hpp"
#include "python/src/own_words.hpp"
#include "python/src/terms.hpp"
#include "python/src/variable.hpp"

namespace nelbo::python {
namespace {

/// A draw while a Python function records on it.
struct PythonDraw {
  Draw* draw;
  std::string term;
  std::shared_ptr<Life> life;

  Draw& get() const {
    if (life->over) throw Error("'" + term + "': the recording that this draw belongs to is over");
    return *draw;
  }
  Variable variable(Var var) const { return {var, life}; }
};

/// Codes of a draw, as an expectation is of them.
struct PythonCodes {
  Codes* codes;
  PythonDraw draw;

  Codes& get() const {
    draw.get();
    return *codes;
  }
};

/// A Python function, and how often it was called.
struct Recorder {
  std::string name;
  nb::object function;
  std::uint64_t recordings = 0;  // with the GIL

  Var record(Draw& draw) {
    const nb::gil_scoped_acquire acquired;
    ++recordings;
    const RecordingOfPython recording;
    const std::string what = "'" + name + "'";
    const Var values = variable_made(what, function(PythonDraw{&draw, name, recording.life()}));
    const Shape shape = values.shape(), of_data{draw.batch()},
                of_samples{draw.samples(), draw.batch()};
    if (shape.rank() == 0 || shape == of_data || shape == of_samples) return values;
    throw Error(what + ": the function returned " + shape.text() + "; values are " +
                of_samples.text() + " of each sample, " + of_data.text() +
                " of each datum, or a number. Sum over the latent dimensions, .sum(-1)");
  }
};

struct OwnTerm {
  std::shared_ptr<Recorder> recorder;
  Term term;
};

using TermHeld = std::shared_ptr<OwnTerm>;

TermHeld define(const std::string& name, nb::object function, const std::string& meaning,
                std::vector<std::string> moves, const std::string& unit, const std::string& latex,
                const std::string& formula, const std::string& equation, bool pairwise,
                std::int64_t samples) {
  if (moves.empty()) moves = {"theta", "phi", "psi"};
  const Quantity quantity{.name = name,
                          .latex = latex,
                          .formula = formula,
                          .equation = equation,
                          .meaning = meaning,
                          .unit = unit,
                          .samples = samples,
                          .sampled = true,
                          .pairwise = pairwise,
                          .moves = std::move(moves)};
  const std::shared_ptr<Recorder> recorder = held<Recorder>({name, std::move(function)});
  const auto own = std::make_shared<OwnTerm>(OwnTerm{
      recorder,
      Term(quantity, Direction::cost, [recorder](Draw& draw) { return recorder->record(draw); })});
  OwnWords<TermHeld>& all = own_words_of<TermHeld>();
  if (all.take(name, own, vocabulary(), "word")) {
    vocabulary().add({name, name, meaning, Word::Kind::term,
                      [&all, name](Call&) { return all.at(name)->term; }});
  }
  return own;
}

void bind_draw(nb::module_& module) {
  nb::class_<PythonCodes>(module, "Codes", "Codes z [S, B, D], and what the model says of them.")
      .def(
          "z", [](const PythonCodes& self) { return self.draw.variable(self.get().z()); },
          "[S, B, D].")
      .def(
          "log_likelihood",
          [](const PythonCodes& self) { return self.draw.variable(self.get().log_likelihood()); },
          "log P(x|z), [S, B], nats.")
      .def(
          "log_prior",
          [](const PythonCodes& self) { return self.draw.variable(self.get().log_prior()); },
          "log P0(z), [S, B], nats.")
      .def(
          "log_posterior",
          [](const PythonCodes& self) { return self.draw.variable(self.get().log_posterior()); },
          "log Q(z|x), [S, B], nats.");

  const auto values = [](auto f) {
    return [f](const PythonDraw& self) { return self.variable(f(self.get())); };
  };
  nb::class_<PythonDraw>(
      module, "Draw",
      "One pass encoder -> z -> decoder of a batch, of which a term is recorded: "
      "S samples for each of B data, codes of D numbers.")
      .def_prop_ro(
          "samples", [](const PythonDraw& self) { return self.get().samples(); }, "S.")
      .def_prop_ro(
          "batch", [](const PythonDraw& self) { return self.get().batch(); }, "B.")
      .def_prop_ro(
          "latent", [](const PythonDraw& self) { return self.get().latent(); }, "D.")
      .def_prop_ro(
          "data_size", [](const PythonDraw& self) { return self.get().population().size; },
          "N, the number of data; 0 where it is not known.")
      .def("x", values([](Draw& draw) { return draw.x(); }),
           "The data as the model sees them, [B, X].")
      .def(
          "z", [](const PythonDraw& self) { return self.variable(self.get().z(self.term)); },
          "Samples of Q(Z|x), [S, B, D]. ValueError of a discrete posterior: no gradient passes "
          "through its samples; take expectation().")
      .def(
          "mean",
          [](const PythonDraw& self) {
            return self.variable(self.get().posterior().diagonal(self.term).mean);
          },
          "E[Z|x] of a diagonal normal posterior, [B, D].")
      .def(
          "log_variance",
          [](const PythonDraw& self) {
            return self.variable(self.get().posterior().diagonal(self.term).log_variance);
          },
          "log Var[Z|x] of a diagonal normal posterior, [B, D].")
      .def("decoded", values([](Draw& draw) { return draw.decoded(); }),
           "The decoder's output, parameters of P(X|z), [S, B, P X].")
      .def("log_likelihood", values([](Draw& draw) { return draw.log_likelihood(); }),
           "log P(x|z), [S, B], nats.")
      .def("log_prior", values([](Draw& draw) { return draw.log_prior(); }),
           "log P0(z), [S, B], nats.")
      .def("log_posterior", values([](Draw& draw) { return draw.log_posterior(); }),
           "log Q(z|x), [S, B], nats.")
      .def("log_weights", values([](Draw& draw) { return draw.log_weights(); }),
           "log P(x|z) + log P0(z) - log Q(z|x), [S, B], nats; Zheng eq. (37).")
      .def("kl", values([](Draw& draw) { return draw.kl(); }),
           "KL(Q(Z|x) || P0) in closed form, [B], nats; Zheng eq. (16).")
      .def("prior_sample", values([](Draw& draw) { return draw.prior_sample(); }),
           "One sample of the prior for every datum, [B, D].")
      .def(
          "noise",
          [](const PythonDraw& self, const std::string& name, std::int64_t rows,
             std::int64_t numbers) { return self.variable(self.get().noise(name, rows, numbers)); },
          nb::arg("name"), nb::arg("rows"), nb::arg("numbers"),
          "Standard normal numbers of a term's own, [rows, numbers], fresh at each step.")
      .def(
          "noise_of_data",
          [](const PythonDraw& self, const std::string& name, std::int64_t numbers) {
            return self.variable(self.get().noise_of_data(name, numbers));
          },
          nb::arg("name"), nb::arg("numbers"),
          "The same for every datum, [B, numbers], wherever in a batch it stands.")
      .def(
          "expectation",
          [](const PythonDraw& self, nb::callable of) {
            return self.variable(self.get().expectation([&](Codes& codes) {
              return variable_made("'" + self.term + "': expectation",
                                   of(PythonCodes{&codes, self}));
            }));
          },
          nb::arg("of"),
          nb::sig("def expectation(self, of: collections.abc.Callable[[Codes], Var]) -> Var"),
          "E_Q of a function of each code, [S, B] or [B], with the expectation's gradient also "
          "where none passes through the samples.");
}

}  // namespace

void bind_own_terms(nb::module_& module) {
  bind_draw(module);
  nb::class_<OwnTerm>(module, "OwnTerm", "A term that a Python function records.")
      .def_prop_ro("name", [](const OwnTerm& self) { return self.recorder->name; })
      .def_prop_ro(
          "recordings", [](const OwnTerm& self) { return self.recorder->recordings; },
          "How often the function was called: once for each recording, never in training.")
      .def_prop_ro("function", [](const OwnTerm& self) { return self.recorder->function; })
      .def(
          "__call__", [](const OwnTerm& self) { return self.term; }, "The term.");
  module.def("define_term", &define, nb::arg("name"), nb::arg("function"), nb::arg("meaning"),
             nb::arg("moves"), nb::arg("unit"), nb::arg("latex"), nb::arg("formula"),
             nb::arg("equation"), nb::arg("pairwise"), nb::arg("samples"));
}

}  // namespace nelbo::python
