; DMA latency: every tasklet does COUNT transfers of SIZE bytes (8..2,048, multiple of 8) in a loop
; of two instructions. WRITE: 0 MRAM to WRAM, 1 WRAM to MRAM. With one tasklet an iteration takes
; the latency of the transfer and 11 cycles.
        jeq   id, NTASKLETS-1, main
        boot  id, 1
main:   move  r0, COUNT
        lsl   r1, id, 11
        lsl   r2, id, 11
loop:
        .if WRITE
        sdma  r1, r2, SIZE/8-1
        .else
        ldma  r1, r2, SIZE/8-1
        .endif
        sub   r0, r0, 1, nz, loop
done:   stop  true, done
        .bss
        .space 2048*NTASKLETS
