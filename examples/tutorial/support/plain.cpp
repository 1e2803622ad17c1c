// The program that a reader runs. The tutorial's `main` is compiled as `example_main`, once for this and for the tests.

[[gnu::weak]] int example_main();
[[gnu::weak]] int example_main(int argc, char** argv);

int main(int argc, char** argv) {
    int (*const without_arguments)() = example_main;
    return without_arguments != nullptr ? example_main() : example_main(argc, argv);
}
