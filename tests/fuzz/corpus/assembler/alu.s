; T tasklets, each: COUNT times 8 independent adds, then subtract-and-branch.
        jeq   id, NTASKLETS-1, main
        boot  id, 1
main:   move  r0, COUNT
loop:   add   r2, r2, 3
        add   r3, r3, 3
        add   r4, r4, 3
        add   r5, r5, 3
        add   r2, r2, 3
        add   r3, r3, 3
        add   r4, r4, 3
        add   r5, r5, 3
        sub   r0, r0, 1, nz, loop
end:    stop  true, end
