; Coarse-grained strided access: every tasklet reads COUNT blocks of 1,024 bytes, keeps every STRIDE-th
; element of 8 bytes (STRIDE a power of two, 1 to 128), and writes 1,024 bytes whenever that many are
; together. The tasklets work on neighbouring chunks from FROM and TO.
        jeq   id, NTASKLETS-1, main
        boot  id, 1
main:   move  r0, COUNT
        lsl   r1, id, 11                ; block, then what is gathered
        add   r5, r1, 1024
        move  r6, r5
        add   r10, r5, 1024
        move  r2, FROM
        move  r3, TO
        move  r4, id
        jz    r4, loop
where:  add   r2, r2, 1024*COUNT
        add   r3, r3, 1024*COUNT
        sub   r4, r4, 1, nz, where
loop:   ldma  r1, r2, 127
        add   r2, r2, 1024
        move  r7, r1
each:   ld    d8, r7, 0
        sd    r6, 0, d8
        add   r6, r6, 8
        add   r7, r7, 8*STRIDE
        jltu  r7, r5, each
        jneq  r6, r10, more
        sdma  r5, r3, 127
        add   r3, r3, 1024
        move  r6, r5
more:   sub   r0, r0, 1, nz, loop
done:   stop  true, done
        .bss
        .space 2048*NTASKLETS
