; Fine-grained strided access: every tasklet copies COUNT elements of 8 bytes, STRIDE elements apart,
; with one 8-byte transfer each way. The tasklets work on neighbouring chunks from FROM and TO.
        jeq   id, NTASKLETS-1, main
        boot  id, 1
main:   move  r0, COUNT
        lsl   r1, id, 3
        move  r2, FROM
        move  r3, TO
        move  r4, id
        jz    r4, loop
where:  add   r2, r2, 8*STRIDE*COUNT
        add   r3, r3, 8*STRIDE*COUNT
        sub   r4, r4, 1, nz, where
loop:   ldma  r1, r2, 0
        sdma  r1, r3, 0
        add   r2, r2, 8*STRIDE
        add   r3, r3, 8*STRIDE
        sub   r0, r0, 1, nz, loop
done:   stop  true, done
        .bss
        .space 8*NTASKLETS
