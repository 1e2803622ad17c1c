// The precompiled header of the programs belongs to this file, which has nothing else.
