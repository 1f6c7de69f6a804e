#include "apps/program.hpp"

int main(int argc, char** argv) { return nelbo::run_program(argc, argv); }
