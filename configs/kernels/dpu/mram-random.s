; Random access (GUPS): every tasklet reads COUNT elements of 8 bytes at random places of its own
; 2^BITS bytes of MRAM, adds 1 and writes them back. Places come from a 32-bit xorshift.
        jeq   id, NTASKLETS-1, main
        boot  id, 1
main:   move  r0, COUNT
        lsl   r1, id, 3
        add   r1, r1, cells
        move  r6, id
        lsl   r6, r6, BITS              ; own part
        add   r5, id, 12345             ; seed
loop:   lsl   r2, r5, 13
        xor   r5, r5, r2
        lsr   r2, r5, 17
        xor   r5, r5, r2
        lsl   r2, r5, 5
        xor   r5, r5, r2
        lsr   r2, r5, 32-BITS
        and   r2, r2, -8
        add   r2, r2, r6
        ldma  r1, r2, 0
        ld    d8, r1, 0
        add   r9, r9, 1
        addc  r8, r8, 0
        sd    r1, 0, d8
        sdma  r1, r2, 0
        sub   r0, r0, 1, nz, loop
done:   stop  true, done
        .bss
        .balign 8
cells:  .space 8*NTASKLETS
