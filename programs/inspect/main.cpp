#include "report.hpp"

int main(int count, char** arguments) {
    return inspect::run({arguments + 1, arguments + count});
}
