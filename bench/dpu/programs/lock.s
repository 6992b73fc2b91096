; T tasklets want one lock, COUNT times each; who has it adds to a cell of MRAM: a read, a sum, a write.
; Everyone else retries, as in compiled programs with mutexes.
        jeq   id, NTASKLETS-1, main
        boot  id, 1
main:   move  r0, COUNT
        lsl   r1, id, 3
        add   r1, r1, 4096
        move  r2, 0
again:  acquire zero, 5, nz, again
        ldma  r1, r2, 0
        lw    r3, r1, 0
        add   r3, r3, 1
        sw    r1, 0, r3
        sdma  r1, r2, 0
        release zero, 5, nz, next
next:   sub   r0, r0, 1, nz, again
end:    stop  true, end
