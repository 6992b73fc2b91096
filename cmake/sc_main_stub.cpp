// SystemC's shared library expects an sc_main. Programs that have their own main link this object;
// the installed library never contains it, so that users can bring theirs.
extern "C" int sc_main(int, char**) {
  return 0;
}
