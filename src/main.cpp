#include "cli/cli.hpp"

int main(int argc, char** argv) {
    return showrunner::cli::run(argc, argv);
}
