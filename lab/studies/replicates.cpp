#include "lab/studies/replicates.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <map>
#include <memory>
#include <optional>

#include "autodiff/dtype.hpp"
#include "autodiff/random_variables.hpp"
#include "autodiff/threads.hpp"
#include "lab/studies/named_ranges.hpp"

namespace nelbo::gradvar {
namespace {

constexpr std::uint64_t batches_of_replicates = 32, pilot_replicates = 256;
constexpr std::uint64_t most_parts = 8;           // of the first half: held_moments.hpp
constexpr std::uint64_t least_batches_timed = 8;  // fewer tell no standard error

/// What is followed of one set of parameters of a piece.
struct Followed {
  NamedRanges of;
  std::optional<GroupSummary> summary;   // of the second half
  std::optional<Projection> difference;  // direction of the first half's from the reference
  BiasTest bias = BiasTest();
};

/// The gradients of one group from one source: phi by an estimator, or another group by a set of
/// decoder weights.
struct Piece {
  bool encoder;               // phi
  std::size_t source;         // estimator, or number of the decoder weights
  std::size_t reference = 0;  // the piece of the reference
  Range range;
  GradientMoments all;
  std::vector<std::vector<float>> part_means;  // of the first half, while it comes
  std::shared_ptr<const HeldMoments> half;     // and once it is whole
  std::vector<Followed> followed;
};

/// One worker: a recording, and what a batch of replicates gave.
struct Worker {
  Worker(const StudyModel& model, const StudyCell& cell) : draw(source_of(model, cell)) {}

  std::unique_ptr<ReplicateSource> draw;
  std::vector<GradientMoments> moments;                                // by piece
  std::vector<std::vector<std::vector<GroupSummary::Scores>>> scores;  // by piece, set, replicate
  std::vector<std::vector<std::vector<double>>> differences;
  std::vector<double> seconds;  // of the batch, by estimator
};

template <class T>
std::span<const T> gradient(const ReplicateSource& draw, const Piece& piece) {
  const Tensor& buffer =
      piece.encoder ? draw.encoder_gradient(piece.source) : draw.decoder_gradient(piece.source);
  return {buffer.data_as<T>() + piece.range.offset, piece.range.length};
}

class Replicates {
 public:
  Replicates(const StudyModel& model, const StudyCell& cell, const ReplicateOptions& options)
      : model_(model),
        cell_(cell),
        options_(options),
        batches_(std::min(batches_of_replicates, options.replicates / 2)),
        parts_(std::min(most_parts, batches_ / 2)) {
    const std::size_t count =
        std::min<std::size_t>(std::max<std::size_t>(1, options.workers), batches_);
    for (std::size_t i = 0; i < count; ++i) {
      workers_.push_back(std::make_unique<Worker>(model, cell));
    }
    make_pieces();
    for (const auto& worker : workers_) {
      for (const Piece& piece : pieces_) {
        worker->moments.emplace_back(piece.range.length);
        worker->scores.emplace_back(piece.followed.size());
        worker->differences.emplace_back(piece.followed.size());
      }
      worker->seconds.resize(cell.estimators.size());
    }
    seconds_.resize(cell.estimators.size());
  }

  std::vector<Row> run() {
    find_mean_baseline();
    parallel_for(workers_.size(), [&](std::size_t i) {
      const SerialScope serial;
      dispatch(model_.model.store().dtype(),
               [&](auto type) { work<decltype(type)>(*workers_[i]); });
    });
    if (stopped_) return {};
    if (options_.gradient) tell_gradients();
    return rows();
  }

 private:
  void make_pieces() {
    const ReplicateSource& draw = *workers_[0]->draw;
    const ParameterStore& store = model_.model.store();
    const std::size_t estimators = cell_.estimators.size();
    std::map<std::pair<std::string, std::size_t>, std::size_t> found;
    of_.resize(estimators);
    const auto piece_of = [&](const std::string& group, std::size_t i) {
      const bool encoder = (store.groups({group}) & model_.model.encoder()) != 0;
      const std::size_t source = encoder ? i : draw.decoder_weights_of(i);
      const auto [at, fresh] = found.try_emplace({group, source}, pieces_.size());
      if (fresh) {
        const Range range = store.range(group);
        Piece piece{encoder, source, 0, range, GradientMoments(range.length), {}, {}, {}};
        piece.part_means.assign(parts_, std::vector<float>(range.length, 0));
        for (const NamedRanges& part : parts_of(store, group)) {
          piece.followed.push_back({.of = part});
        }
        pieces_.push_back(std::move(piece));
      }
      return at->second;
    };
    const Groups beside = model_.auxiliaries ? model_.auxiliaries->groups(store) : 0;
    for (const std::string& group : store.group_names()) {
      if (store.range(group).length == 0 || (store.groups({group}) & beside) != 0) continue;
      const std::size_t own = piece_of(group, cell_.reference);
      for (std::size_t i = 0; i < estimators; ++i) {
        of_[i].push_back(piece_of(group, i));
        pieces_[of_[i].back()].reference = own;
      }
    }
  }

  /// The running mean of L of a model that stands still, from noise that no replicate sees.
  void find_mean_baseline() {
    const bool wanted = std::any_of(cell_.estimators.begin(), cell_.estimators.end(),
                                    [](const EstimatorChoice& choice) {
                                      return choice.phi.baseline() == Estimator::Baseline::mean;
                                    });
    if (!wanted) return;
    const SerialScope serial;
    Worker pilot(model_, cell_);
    double sum = 0;
    for (std::uint64_t r = 0; r < pilot_replicates; ++r) {
      pilot.draw->replicate(random_variables::pilot, options_.seed, r);
      sum += pilot.draw->value();
    }
    for (const auto& worker : workers_) {
      worker->draw->set_mean_baseline(sum / double(pilot_replicates));
    }
  }

  /// The turn of a batch to be merged: after all batches before it, which other threads run. It
  /// passes at the end of its life, whatever happened.
  class Turn {
   public:
    Turn(std::atomic<std::uint64_t>& merged, std::uint64_t batch)
        : merged_(merged), batch_(batch) {}
    ~Turn() {
      await(merged_, batch_);
      merged_ = batch_ + 1;
      merged_.notify_all();
    }
    /// Until so many batches have been merged.
    static void await(const std::atomic<std::uint64_t>& merged, std::uint64_t count) {
      for (std::uint64_t now = merged; now < count; now = merged) merged.wait(now);
    }

   private:
    std::atomic<std::uint64_t>& merged_;
    std::uint64_t batch_;
  };

  /// Batches that no other worker has, one after the other.
  template <class T>
  void work(Worker& worker) {
    const std::uint64_t half = batches_ / 2;
    for (std::uint64_t batch = next_++; batch < batches_; batch = next_++) {
      const Turn turn(merged_, batch);
      if (batch >= half) Turn::await(merged_, half);  // it needs the directions
      try {
        run_batch<T>(worker, batch);
      } catch (...) {
        stopped_ = true;
        throw;
      }
      Turn::await(merged_, batch);
      if (stopped_) return;
      merge(worker, batch);
      if (batch + 1 == half) hold_moments();
      options_.progress(double(batch + 1) / double(batches_));
    }
  }

  /// The first replicate of a batch.
  std::uint64_t begin(std::uint64_t batch) const { return options_.replicates * batch / batches_; }
  bool first_half(std::uint64_t batch) const { return batch < batches_ / 2; }
  /// The part of its half that a batch is in.
  std::uint64_t part_of(std::uint64_t batch) const {
    const std::uint64_t half = batches_ / 2;
    return first_half(batch) ? batch * parts_ / half : (batch - half) * parts_ / (batches_ - half);
  }

  template <class T>
  void run_batch(Worker& worker, std::uint64_t batch) {
    for (std::size_t p = 0; p < pieces_.size(); ++p) {
      worker.moments[p].clear();
      for (auto& scores : worker.scores[p]) scores.clear();
      for (auto& differences : worker.differences[p]) differences.clear();
    }
    for (std::size_t e = 0; e < worker.seconds.size(); ++e) {
      worker.seconds[e] = -worker.draw->seconds_of(e);
    }
    for (std::uint64_t r = begin(batch); r < begin(batch + 1); ++r) {
      if (stopped_ || options_.stop()) {
        stopped_ = true;
        return;
      }
      worker.draw->replicate(random_variables::replicates, options_.seed, r);
      for (std::size_t p = 0; p < pieces_.size(); ++p) {
        const Piece& piece = pieces_[p];
        const std::span<const T> g = gradient<T>(*worker.draw, piece);
        worker.moments[p].add(g);
        if (first_half(batch)) continue;
        const auto reference = gradient<T>(*worker.draw, pieces_[piece.reference]);
        for (std::size_t i = 0; i < piece.followed.size(); ++i) {
          const Followed& set = piece.followed[i];
          worker.scores[p][i].push_back(set.summary->scores(g, reference, part_of(batch)));
          worker.differences[p][i].push_back(
              p == piece.reference ? 0
                                   : set.difference->along(g) - set.difference->along(reference));
        }
      }
    }
    for (std::size_t e = 0; e < worker.seconds.size(); ++e) {
      worker.seconds[e] += worker.draw->seconds_of(e);
      worker.seconds[e] /= double(begin(batch + 1) - begin(batch));
    }
  }

  void merge(const Worker& worker, std::uint64_t batch) {
    for (std::size_t p = 0; p < pieces_.size(); ++p) {
      Piece& piece = pieces_[p];
      for (std::size_t i = 0; i < piece.followed.size(); ++i) {
        Followed& set = piece.followed[i];
        for (const GroupSummary::Scores& scores : worker.scores[p][i]) set.summary->add(scores);
        for (const double difference : worker.differences[p][i]) set.bias.add(difference);
      }
      piece.all.merge(worker.moments[p]);
      if (!first_half(batch)) continue;
      const std::span<const double> mean = worker.moments[p].mean();
      std::vector<float>& of_part = piece.part_means[part_of(batch)];
      const auto count = double(worker.moments[p].count());
      for (std::size_t j = 0; j < mean.size(); ++j) of_part[j] += float(count * mean[j]);
    }
    for (std::size_t e = 0; e < seconds_.size(); ++e) {
      seconds_[e].add(1e6 * worker.seconds[e] / double(workers_.size()));
    }
  }

  /// The moments of the first half, which the second is measured by.
  void hold_moments() {
    for (Piece& piece : pieces_) {
      piece.half = std::make_shared<HeldMoments>(piece.all, std::move(piece.part_means));
    }
    for (Piece& piece : pieces_) {
      const std::span<const double> mean = piece.half->mean();
      std::vector<double> difference(mean.begin(), mean.end());
      const std::shared_ptr<const HeldMoments>& reference = pieces_[piece.reference].half;
      for (std::size_t j = 0; j < difference.size(); ++j) difference[j] -= reference->mean()[j];
      for (Followed& set : piece.followed) {
        set.summary.emplace(set.of.ranges, piece.all, piece.half, reference);
        set.difference.emplace(difference, set.of.ranges);
        set.bias = BiasTest(rounding_of(pieces_[piece.reference].all, set.of.ranges));
      }
    }
  }

  std::vector<Row> rows() const {
    std::vector<Row> rows;
    for (std::size_t e = 0; e < cell_.reported; ++e) {
      const EstimatorChoice& choice = cell_.estimators[e];
      for (const std::size_t p : of_[e]) {
        const Piece& piece = pieces_[p];
        const bool is_reference = p == piece.reference;
        for (const Followed& set : piece.followed) {
          const GroupStatistics found =
              set.summary->result(piece.all, &pieces_[piece.reference].all);
          Row row{.bound = cell_.label,
                  .estimator = choice.text(),
                  .m = cell_.m,
                  .k = cell_.k,
                  .group = set.of.name};
          row.mean_norm = found.mean_norm;
          row.variance = found.variance;
          row.snr = found.snr;
          row.snr_norm = found.snr_norm;
          row.snr_floor = found.snr_floor;
          row.cosine = found.cosine;
          row.reference = cell_.estimators[cell_.reference].text();
          row.dsnr = found.dsnr;
          row.us_per_gradient = seconds_[e].result();
          if (batches_ < least_batches_timed) row.us_per_gradient.standard_error = std::nan("");
          const double us = row.us_per_gradient.mean, v = row.variance.mean;
          row.work = {v * us, std::hypot(v * row.us_per_gradient.standard_error,
                                         us * row.variance.standard_error)};
          const BiasTest::Result bias = set.bias.result();
          if (!is_reference) {
            row.bias_t = bias.t;
            row.bias_p = bias.p;
          }
          row.biased = !cell_.unbiased(choice, piece.encoder);
          rows.push_back(std::move(row));
        }
      }
    }
    return rows;
  }

  void tell_gradients() const {
    const ParameterStore& store = model_.model.store();
    for (std::size_t e = 0; e < cell_.reported; ++e) {
      for (const std::size_t p : of_[e]) {
        const Piece& piece = pieces_[p];
        const double r = double(piece.all.count());
        for (const ParameterStore::Entry& entry : store.entries()) {
          const std::size_t size = std::size_t(entry.shape.size());
          if (entry.offset - piece.range.offset >= piece.range.length || size == 0) continue;
          const std::size_t first = entry.offset - piece.range.offset;
          const auto mean = piece.all.mean().subspan(first, size);
          MeanGradient gradient{.of = cell_.title(),
                                .estimator = cell_.estimators[e].text(),
                                .parameter = entry.name,
                                .shape = entry.shape,
                                .mean = {mean.begin(), mean.end()}};
          for (const double squares : piece.all.squares().subspan(first, size)) {
            gradient.standard_error.push_back(std::sqrt(squares / (r - 1) / r));
          }
          options_.gradient(gradient);
        }
      }
    }
  }

  const StudyModel& model_;
  const StudyCell& cell_;
  const ReplicateOptions& options_;
  const std::uint64_t batches_, parts_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::vector<Piece> pieces_;
  std::vector<std::vector<std::size_t>> of_;        // pieces of each estimator
  std::vector<RunningMean> seconds_;                // microseconds per gradient, by estimator
  std::atomic<std::uint64_t> next_{0}, merged_{0};  // batches taken, and merged
  std::atomic<bool> stopped_{false};
};

}  // namespace

std::vector<Row> run_replicates(const StudyModel& model, const StudyCell& cell,
                                const ReplicateOptions& options) {
  return Replicates(model, cell, options).run();
}

}  // namespace nelbo::gradvar
