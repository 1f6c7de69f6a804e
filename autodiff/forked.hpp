#pragma once

namespace nelbo {

/// To be called in a child that a process forked: the worker threads are the parent's, so that the child
/// goes on with this one alone. set_num_threads() is not for it.
void be_forked();

}  // namespace nelbo
