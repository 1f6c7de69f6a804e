// The table of one instruction set, which dispatch.cpp chooses from.
#include "autodiff/kernels/dispatch.hpp"

namespace nelbo::kernels::NELBO_ISA {

#define X(type, member) extern const type member##_kernels;
#include "autodiff/kernels/families.def"
#undef X

#define NELBO_TEXT_OF(macro) NELBO_TEXT(macro)
#define NELBO_TEXT(words) #words
extern const Kernels table;
const Kernels table = {
    NELBO_TEXT_OF(NELBO_ISA),
#define X(type, member) &member##_kernels,
#include "autodiff/kernels/families.def"
#undef X
};

}  // namespace nelbo::kernels::NELBO_ISA
