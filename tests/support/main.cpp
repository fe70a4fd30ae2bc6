// Runs the tests of a suite. What tests share (the PostgreSQL cluster) ends with the process.
#define DOCTEST_CONFIG_IMPLEMENT
#include "base/log.hpp"

#include <doctest/doctest.h>

#include <cstdlib>

int main(int argc, char** argv) {
    // Tests provoke warnings by the dozen; SHOWRUNNER_TEST_LOG=1 shows them.
    if (std::getenv("SHOWRUNNER_TEST_LOG") == nullptr) {
        showrunner::log::set_level(showrunner::log::Level::error);
    }
    return doctest::Context{argc, argv}.run();
}
