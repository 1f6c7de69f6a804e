#include "autodiff/ops/shape_ops.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <string>
#include <vector>

#include "autodiff/error.hpp"
#include "autodiff/internal/row_chunks.hpp"
#include "autodiff/operator.hpp"

namespace nelbo {
namespace {

/// Copies blocks of `length` elements between a joined array (blocks `joined_step` apart) and a
/// part.
struct Blocks {
  std::int64_t outer;   // blocks
  std::int64_t length;  // elements of a block
};

struct ConcatenateSaved {
  int axis;
};

Blocks blocks_of(const Shape& part, int axis) {
  Blocks blocks{1, 1};
  for (int i = 0; i < part.rank(); ++i) (i < axis ? blocks.outer : blocks.length) *= part[i];
  return blocks;
}

const Op concatenate_op{
    .name = "concatenate",
    .forward =
        [](const Frame& f) {
          const int axis = f.saved<ConcatenateSaved>().axis;
          const std::int64_t row = blocks_of(f.out_shape(), axis).length;
          dispatch(f.dtype(), [&](auto t) {
            using T = decltype(t);
            T* to = f.out<T>();
            for (int i = 0; i < f.inputs(); ++i) {
              const Blocks part = blocks_of(f.in_shape(i), axis);
              const T* from = f.in<T>(i);
              for (std::int64_t b = 0; b < part.outer; ++b) {
                std::copy_n(from + b * part.length, part.length, to + b * row);
              }
              to += part.length;
            }
          });
        },
    .vjp =
        [](const Frame& f) {
          const int axis = f.saved<ConcatenateSaved>().axis;
          const std::int64_t row = blocks_of(f.out_shape(), axis).length;
          dispatch(f.dtype(), [&](auto t) {
            using T = decltype(t);
            const T* from = f.cotangent<T>();
            for (int i = 0; i < f.inputs(); ++i) {
              const Blocks part = blocks_of(f.in_shape(i), axis);
              if (f.wants(i)) {
                const auto to = f.adjoint<T>(i);
                for (std::int64_t b = 0; b < part.outer; ++b) {
                  for (std::int64_t j = 0; j < part.length; ++j) {
                    T& target = to.data[b * part.length + j];
                    target = to.add ? target + from[b * row + j] : from[b * row + j];
                  }
                }
              }
              from += part.length;
            }
          });
        },
};

const Op gather_rows_op{
    .name = "gather_rows",
    .forward =
        [](const Frame& f) {
          const std::int64_t rows = f.in_shape(0)[0];
          const std::int64_t width = rows ? f.in_shape(0).size() / rows : 0;
          const std::int32_t* index = f.in<std::int32_t>(1);
          dispatch(f.dtype(), [&](auto t) {
            using T = decltype(t);
            for (std::int64_t b = 0; b < f.in_shape(1)[0]; ++b) {
              if (index[b] < 0 || index[b] >= rows) {
                throw Error("gather_rows: index " + std::to_string(index[b]) +
                            " is outside a table of shape " + f.in_shape(0).text());
              }
              std::copy_n(f.in<T>(0) + index[b] * width, width, f.out<T>() + b * width);
            }
          });
        },
    .vjp =
        [](const Frame& f) {
          if (!f.wants(0)) return;
          const Shape& table = f.in_shape(0);
          const std::int64_t width = table.size() / table[0];
          const std::int32_t* index = f.in<std::int32_t>(1);
          dispatch(f.dtype(), [&](auto t) {
            using T = decltype(t);
            const auto to = f.adjoint<T>(0);
            if (!to.add) std::fill_n(to.data, table.size(), T{0});
            const T* from = f.cotangent<T>();
            for (std::int64_t b = 0; b < f.in_shape(1)[0]; ++b) {
              for (std::int64_t j = 0; j < width; ++j) {
                to.data[index[b] * width + j] += from[b * width + j];
              }
            }
          });
        },
};

const Op gate_op{
    .name = "gate",
    .forward = [](const Frame&) {},  // the value is its input's own memory
    .vjp =
        [](const Frame& f) {
          if (!f.wants(0)) return;
          const std::int64_t rows = f.in_shape(1).size();
          const std::int64_t width = rows ? f.in_shape(0).size() / rows : 0;
          dispatch(f.dtype(), [&](auto t) {
            using T = decltype(t);
            const kernels::DensityRows<T> from{f.cotangent<T>(), std::size_t(rows)};
            const auto to = f.adjoint<T>(0);
            const kernels::DensityAdjoint<T> all{to.data, from.count, from.count, to.add};
            for_row_chunks<T>(rows, width, width, [&](const auto& range) {
              density_functions<T>().scaled(range, from, T(1), f.in<T>(1), all);
            });
          });
        },
};

const Op straight_through_op{
    .name = "straight_through",
    .forward =
        [](const Frame& f) {
          dispatch(f.dtype(), [&](auto t) {
            using T = decltype(t);
            std::copy_n(f.in<T>(0), f.out_shape().size(), f.out<T>());
          });
        },
    .vjp =
        [](const Frame& f) {
          if (!f.wants(1)) return;
          dispatch(f.dtype(), [&](auto t) {
            using T = decltype(t);
            const T* from = f.cotangent<T>();
            const auto to = f.adjoint<T>(1);
            for (std::int64_t i = 0; i < f.out_shape().size(); ++i) {
              to.data[i] = to.add ? to.data[i] + from[i] : from[i];
            }
          });
        },
};

Strides strides_of(Var x) { return Recorder(x.tape()).strides(x); }

Var view(Var x, const Shape& shape, const Strides& strides, std::int64_t offset = 0) {
  return Recorder(x.tape()).view(x, shape, strides, offset);
}

}  // namespace

Var contiguous(Var x) { return Recorder(x.tape()).contiguous(x); }

Var reshape(Var x, const Shape& shape) {
  if (shape.size() != x.shape().size()) {
    throw Error("reshape: " + x.shape().text() + " does not fit into " + shape.text());
  }
  return view(contiguous(x), shape, row_major(shape));
}

Var reshape(Var x, std::initializer_list<std::int64_t> dims) {
  Shape shape;
  std::int64_t known = 1;
  int open = -1;
  for (std::int64_t dim : dims) {
    if (dim == -1 && open < 0)
      open = shape.rank();
    else
      known *= dim;
    shape.push_back(dim == -1 ? 1 : dim);
  }
  if (open >= 0 && known != 0) shape[open] = x.shape().size() / known;
  return reshape(x, shape);
}

Var permute(Var x, std::initializer_list<int> axes) {
  if (int(axes.size()) != x.shape().rank()) {
    throw Error("permute: " + std::to_string(axes.size()) + " axes for shape " + x.shape().text());
  }
  Shape shape = x.shape();
  const Strides own = strides_of(x);
  Strides strides = own;
  unsigned seen = 0;
  int to = 0;
  for (int axis : axes) {
    const int from = normalize_axis(axis, x.shape(), "permute");
    if (seen & (1u << from)) {
      throw Error("permute: axis " + std::to_string(axis) + " twice for " + x.shape().text());
    }
    seen |= 1u << from;
    shape[to] = x.shape()[from];
    strides[to++] = own[from];
  }
  return view(x, shape, strides);
}

Var transpose(Var x, int a, int b) {
  a = normalize_axis(a, x.shape(), "transpose");
  b = normalize_axis(b, x.shape(), "transpose");
  Shape shape = x.shape();
  Strides strides = strides_of(x);
  std::swap(shape[a], shape[b]);
  std::swap(strides[a], strides[b]);
  return view(x, shape, strides);
}

Var slice(Var x, int axis, std::int64_t start, std::int64_t stop) {
  axis = normalize_axis(axis, x.shape(), "slice");
  if (start < 0 || stop < start || stop > x.shape()[axis]) {
    throw Error("slice: " + std::to_string(start) + ".." + std::to_string(stop) +
                " is outside axis " + std::to_string(axis) + " of shape " + x.shape().text());
  }
  Shape shape = x.shape();
  shape[axis] = stop - start;
  const Strides strides = strides_of(x);
  return view(x, shape, strides, start * strides[axis]);
}

Var broadcast_to(Var x, const Shape& shape) {
  if (!(broadcast(x.shape(), shape, "broadcast_to") == shape)) {
    throw Error("broadcast_to: shape " + x.shape().text() + " cannot become " + shape.text());
  }
  return view(x, shape, broadcast_strides(x.shape(), strides_of(x), shape));
}

Var concatenate(std::span<const Var> parts, int axis) {
  if (parts.empty()) throw Error("concatenate: no parts");
  axis = normalize_axis(axis, parts[0].shape(), "concatenate");
  Shape shape = parts[0].shape();
  shape[axis] = 0;
  for (const Var& part : parts) {
    Shape expected = shape;
    if (part.shape().rank() == shape.rank()) expected[axis] = part.shape()[axis];
    if (!(part.shape() == expected)) {
      throw Error("concatenate: shapes " + parts[0].shape().text() + " and " + part.shape().text() +
                  " differ beyond axis " + std::to_string(axis));
    }
    shape[axis] += part.shape()[axis];
  }
  const Spec spec{shape, common_dtype(concatenate_op, parts)};
  const ConcatenateSaved saved{axis};
  return Recorder::current().record(concatenate_op, parts, {&spec, 1}, &saved, sizeof saved);
}

Var concatenate(std::initializer_list<Var> parts, int axis) {
  return concatenate(std::span<const Var>(parts.begin(), parts.size()), axis);
}

Var stack(std::span<const Var> parts, int axis) {
  if (parts.empty()) throw Error("stack: no parts");
  Shape shape;
  const Shape part = parts[0].shape();
  const int rank = part.rank() + 1;
  const int at = axis < 0 ? axis + rank : axis;
  if (at < 0 || at >= rank) {
    throw Error("stack: axis " + std::to_string(axis) + " for parts of shape " + part.text());
  }
  for (int i = 0; i < rank; ++i) shape.push_back(i == at ? 1 : part[i < at ? i : i - 1]);
  std::vector<Var> rows;
  for (const Var& p : parts) {
    if (!(p.shape() == part)) {
      throw Error("stack: shapes " + part.text() + " and " + p.shape().text() + " differ");
    }
    rows.push_back(reshape(p, shape));
  }
  return concatenate(rows, at);
}

Var stack(std::initializer_list<Var> parts, int axis) {
  return stack(std::span<const Var>(parts.begin(), parts.size()), axis);
}

Var gather_rows(Var table, Var index) {
  if (table.shape().rank() < 1 || index.shape().rank() != 1 || index.dtype() != DType::i32) {
    throw Error("gather_rows: a table " + table.shape().text() +
                " needs an index [B] of type i32, "
                "got " +
                index.shape().text() + " of type " + name_of(index.dtype()));
  }
  Shape shape = table.shape();
  shape[0] = index.shape()[0];
  const Spec spec{shape, table.dtype()};
  const Var operands[] = {table, index};
  return Recorder::current().record(gather_rows_op, operands, {&spec, 1});
}

Var stop(Var x) { return only(x, 0); }

Var only(Var x, Groups groups) { return Recorder(x.tape()).restricted(x, groups); }

Var gate(Var x, Var coefficients) {
  const Shape shape = x.shape();
  const Shape rows = coefficients.shape();
  if (shape.rank() < 2 || rows.rank() != 2 || rows[0] != shape[0] || rows[1] != shape[1] ||
      coefficients.dtype() != x.dtype()) {
    throw Error("gate: a value " + shape.text() + " needs coefficients [S, B] of its type, got " +
                rows.text());
  }
  return Recorder::current().alias(gate_op, x, stop(coefficients));
}

Var straight_through(Var hard, Var soft) {
  if (!(hard.shape() == soft.shape()) || hard.dtype() != soft.dtype()) {
    throw Error("straight_through: hard " + hard.shape().text() + " of type " +
                name_of(hard.dtype()) + " and soft " + soft.shape().text() + " of type " +
                name_of(soft.dtype()) + " must be alike");
  }
  return record(straight_through_op, {stop(hard), soft}, hard.shape());
}

}  // namespace nelbo
