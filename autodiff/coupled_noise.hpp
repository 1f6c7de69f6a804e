#pragma once
// Random numbers whose draws depend on one another. Every draw by itself is standard normal, or
// uniform, so the mean over the draws stays without bias; what the dependence buys is variance. A
// number's address (random.hpp) still says all: draws and data can be cut into blocks in any way.
#include <string>

#include "autodiff/random.hpp"

namespace nelbo {

/// How the draws of one datum hang together.
enum class Coupling {
  independent,  // not at all
  antithetic,   // draws 2i and 2i + 1 are e and -e, or u and 1 - u: what is odd in the noise
                // cancels
  rqmc  // the draws are a scrambled Sobol' sequence: the variance of the mean of S = 2^k of them
        // falls about as S^-3 for smooth functions that level off in the tails, and as S^-2 for
        // those that do not (a linear one); Owen (1997)
};

/// "independent", "antithetic" or "rqmc". Throws Error naming what was given.
Coupling parse_coupling(const std::string& text);
std::string to_string(Coupling coupling);

/// Fills out [S, B, D], row-major.
///   antithetic: draws 2i and 2i + 1 are the pair of the independent number of draw i. An odd last
///     draw has no partner.
///   rqmc: draw s of a datum is point s of the sequence, mapped by the normal quantile. Each
///     dimension of each (seed, stream, variable, step, datum) has its own random lower triangular
///     digit matrix and digital shift (Matousek 1998, "On the L2-discrepancy for anchored boxes"),
///     for which means have the variance that Owen's scrambling gives them (Owen 2003). Let the
///     number of draws be a power of two: others spoil the balance. Up to 1,024 dimensions, 2^32
///     draws, variables below 2^31.
/// float and double numbers of one address agree up to rounding (rqmc: of the probability, to
/// 2^-32). Throws Error beyond these ranges and those of fill_normal.
void fill_normal(float* out, const RandomBlock& block, Coupling coupling);
void fill_normal(double* out, const RandomBlock& block, Coupling coupling);

/// The same of uniform numbers, exactly u and 1 - u in antithetic pairs. Throws Error for rqmc.
void fill_uniform(float* out, const RandomBlock& block, Coupling coupling);
void fill_uniform(double* out, const RandomBlock& block, Coupling coupling);

}  // namespace nelbo
