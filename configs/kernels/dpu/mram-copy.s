; MRAM STREAM copy and coarse strided access: blocks of SIZE bytes (8..2,048), dealt out to the
; tasklets, from offset FROM to offset TO. COUNT blocks per tasklet.
        jeq   id, NTASKLETS-1, main
        boot  id, 1
main:   move  r0, COUNT
        lsl   r1, id, 11
        move  r2, FROM
        move  r3, TO
        move  r4, id
        jz    r4, loop
where:  add   r2, r2, SIZE
        add   r3, r3, SIZE
        sub   r4, r4, 1, nz, where
loop:   ldma  r1, r2, SIZE/8-1
        sdma  r1, r3, SIZE/8-1
        add   r2, r2, SIZE*NTASKLETS
        add   r3, r3, SIZE*NTASKLETS
        sub   r0, r0, 1, nz, loop
done:   stop  true, done
        .bss
        .space 2048*NTASKLETS
